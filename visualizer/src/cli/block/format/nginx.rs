//! nginx: `deny` directives (ngx_http_access_module), or a `geo` block whose variable is 1 for a blocked client
//! (ngx_http_geo_module).

use std::fmt::Write as _;

use super::super::heading::Heading;
use super::super::list::List;

pub(super) fn deny(list: &List, heading: &Heading) -> String {
    let advice = ["include it in http, server or location, then: nginx -t && nginx -s reload", NO_EXPIRY];
    let mut text = super::comments(list, heading, &advice);
    for network in &list.networks {
        let _ = writeln!(text, "deny {network};");
    }
    text
}

pub(super) fn geo(list: &List, heading: &Heading) -> String {
    let name = &heading.name;
    let usage = format!("include it in http; in a server or location: if (${name}_block) {{ return 403; }}");
    let mut text = super::comments(list, heading, &[&usage, NO_EXPIRY]);
    let _ = write!(text, "geo ${name}_block {{\n    default 0;\n");
    for network in &list.networks {
        let _ = writeln!(text, "    {network} 1;");
    }
    text + "}\n"
}

const NO_EXPIRY: &str = "nothing expires by itself here";
