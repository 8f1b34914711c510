//! The list of devices that the settings name.

use std::fs::File;
use std::io::BufReader;

use analyzer::Devices;

use crate::cli::Failure;
use crate::settings::Settings;

/// Names of devices by their hardware addresses; none if no list is named.
pub(crate) fn load(settings: &Settings) -> Result<Devices, Failure> {
    let path = &settings.devices.list;
    if path.as_os_str().is_empty() {
        return Ok(Devices::default());
    }
    let name = path.display().to_string();
    let wrong = |cause: String| Failure::Usage(format!("devices.list: {cause}"));
    let file = File::open(path).map_err(|cause| wrong(format!("{name}: {cause}")))?;
    Devices::read(BufReader::new(file), &name).map_err(|error| wrong(error.to_string()))
}
