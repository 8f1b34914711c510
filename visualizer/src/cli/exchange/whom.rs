//! Whom one asks about: devices by hardware address or by the name that a list has for them, hosts by address, else the
//! local networks.

use std::fs::File;
use std::io::BufReader;
use std::net::IpAddr;
use std::path::{Path, PathBuf};

use analyzer::exchange::Subject;
use analyzer::{Devices, LocalNetworks, Origin};
use capturer::Mac;
use clap::Args;

use crate::cli::Failure;
use crate::settings::Settings;
use crate::{devices, sources};

/// Whom one asks about.
#[derive(Clone, Debug, Default, Args)]
pub(in crate::cli) struct Whom {
    /// Hardware address of the device: what it sends is sent, all else received; digits in either case, one or two to a byte
    #[arg(short, long, value_name = "MAC", value_delimiter = ',')]
    pub(super) mac: Vec<String>,
    /// Name of the device in the list
    #[arg(short, long, value_name = "NAME", value_delimiter = ',')]
    pub(super) device: Vec<String>,
    /// List of devices, a line each: MAC name [default: the setting devices.list]
    #[arg(short = 'c', long, value_name = "FILE", alias = "deviceList")]
    device_list: Option<PathBuf>,
    /// Only packets of this address; without a device, what it sends is sent and what it gets received
    #[arg(short, long, value_name = "ADDRESS", alias = "ip", value_delimiter = ',')]
    address: Vec<IpAddr>,
}

/// The same, looked up.
#[derive(Clone)]
pub(in crate::cli) struct About {
    /// Names of hardware.
    pub(in crate::cli) devices: Devices,
    macs: Vec<Mac>,
    /// Only packets of these; none: of all.
    pub(in crate::cli) addresses: Vec<IpAddr>,
    local: LocalNetworks,
}

impl Whom {
    /// Looks names up; which networks are local is guessed from `read` where nothing else says who is asked about.
    ///
    /// # Errors
    /// When a hardware address is none, a name is in no list, or the list can't be read.
    pub(in crate::cli) fn look_up(&self, settings: &Settings, read: &[PathBuf]) -> Result<About, Failure> {
        let devices = match &self.device_list {
            Some(path) => list(path)?,
            None => devices::load(settings)?,
        };
        let mut macs = Vec::new();
        for text in &self.mac {
            macs.push(Devices::hardware(text.trim()).ok_or_else(|| {
                Failure::Usage(format!("--mac {text}: expected a hardware address such as 64:bc:c:80:7e:1f"))
            })?);
        }
        for name in &self.device {
            macs.extend(called(&devices, name)?);
        }
        let local = if !settings.network.local.is_empty() {
            LocalNetworks::new(settings.network.local.clone(), Origin::Settings)
        } else if macs.is_empty() && self.address.is_empty() {
            sources::guess(read)
        } else {
            LocalNetworks::private_and(Vec::new(), Origin::Assumed)
        };
        Ok(About { devices, macs, addresses: self.address.clone(), local })
    }
}

fn list(path: &Path) -> Result<Devices, Failure> {
    let name = path.display().to_string();
    let wrong = |cause: String| Failure::Usage(format!("--device-list: {cause}"));
    let file = File::open(path).map_err(|cause| wrong(format!("{name}: {cause}")))?;
    Devices::read(BufReader::new(file), &name).map_err(|error| wrong(error.to_string()))
}

fn called(devices: &Devices, name: &str) -> Result<Vec<Mac>, Failure> {
    let macs = devices.called(name);
    if !macs.is_empty() {
        return Ok(macs);
    }
    let cause = if devices.is_empty() {
        "no list of devices is named: give one with --device-list, a line each: MAC name".to_owned()
    } else {
        format!("the list has no such device among its {}", devices.len())
    };
    Err(Failure::Usage(format!("--device {name}: {cause}")))
}

impl About {
    /// Whether hardware addresses tell the way.
    pub(in crate::cli) fn needs_hardware(&self) -> bool {
        !self.macs.is_empty()
    }

    /// The subject of a graph: all devices at once.
    pub(in crate::cli) fn subject(&self) -> Subject {
        match (&self.macs, &self.addresses) {
            (macs, _) if !macs.is_empty() => Subject::Devices(macs.clone()),
            (_, addresses) if !addresses.is_empty() => Subject::Addresses(addresses.clone()),
            _ => Subject::Local(self.local.clone()),
        }
    }

    /// A subject for each device, with what it is called.
    pub(in crate::cli) fn subjects(&self) -> Vec<(String, Subject)> {
        let device = |mac: &Mac| {
            let name = self.devices.name(*mac).map_or_else(|| mac.to_string(), str::to_owned);
            (name, Subject::Devices(vec![*mac]))
        };
        if !self.macs.is_empty() {
            return self.macs.iter().map(device).collect();
        }
        let names: Vec<String> = self.addresses.iter().map(IpAddr::to_string).collect();
        vec![(names.join(" "), self.subject())]
    }

    /// The same about the device that a folder is named after, if it is one of the list.
    pub(in crate::cli) fn about_folder(&self, name: &str) -> Option<Self> {
        let macs = self.devices.called(name);
        (self.macs.is_empty() && self.addresses.is_empty() && !macs.is_empty())
            .then(|| Self { macs, ..self.clone() })
    }
}
