//! The sandbox from inside: a process of its own closes it and tries what it must not be able to do.

use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;

use super::*;

/// Set for the process that closes itself in: its folder, and an address to connect to.
const INSIDE: &str = "WIREGLOBE_TEST_SANDBOX";

/// What it tries, whether it may, and how.
type Attempt<'a> = (&'static str, bool, Box<dyn FnOnce() -> std::io::Result<()> + 'a>);

fn attempts<'a>(folder: &'a Path, address: &'a str) -> Vec<Attempt<'a>> {
    let packet = || socket2::Socket::new(socket2::Domain::PACKET, socket2::Type::RAW, None).map(drop);
    vec![
        ("read what is named", true, Box::new(move || std::fs::read(folder.join("named")).map(drop))),
        ("write what is named", true, Box::new(move || std::fs::write(folder.join("written"), "x"))),
        ("start a thread", true, Box::new(|| std::thread::Builder::new().spawn(|| ()).map(drop))),
        ("read another file", false, Box::new(|| std::fs::read("/etc/passwd").map(drop))),
        ("list another folder", false, Box::new(|| std::fs::read_dir("/etc").map(drop))),
        ("write elsewhere", false, Box::new(|| std::fs::write("/tmp/wireglobe-test-elsewhere", "x"))),
        ("make a link out", false, Box::new(move || std::os::unix::fs::symlink("/etc", folder.join("link")))),
        ("start a program", false, Box::new(|| Command::new("/bin/true").status().map(drop))),
        ("connect", false, Box::new(move || TcpStream::connect(address).map(drop))),
        ("listen", false, Box::new(|| TcpListener::bind("127.0.0.1:0").map(drop))),
        ("open a packet socket", false, Box::new(packet)),
        (
            "become root",
            false,
            Box::new(|| rustix::thread::set_thread_uid(rustix::process::Uid::ROOT).map_err(Into::into)),
        ),
        ("gain a namespace", false, Box::new(unshare)),
    ]
}

fn unshare() -> std::io::Result<()> {
    use rustix::thread::{UnshareFlags, unshare_unsafe};

    #[expect(unsafe_code, reason = "it is to fail")]
    // SAFETY: nothing that others hold is given up: a user namespace of one's own.
    Ok(unsafe { unshare_unsafe(UnshareFlags::NEWUSER) }?)
}

fn inside(text: &str) {
    let (folder, address) = text.split_once('|').unwrap();
    let folder = PathBuf::from(folder);
    let left = leave_root(Person::due(), &[]).unwrap();
    let reach = Reach { read: vec![folder.clone()], write: vec![folder.clone()], connect: Vec::new() };
    let closing = Closing::begin(&reach, &left, false, true).unwrap();
    let closed = closing.finish().unwrap();
    for (what, _, attempt) in attempts(&folder, address) {
        let result = attempt();
        let kind = result.as_ref().err().map(std::io::Error::kind);
        println!("tried {what}: {}", if result.is_ok() { "done".to_owned() } else { format!("{kind:?}") });
    }
    println!("lost {:?}", closed.account.lost);
}

#[test]
fn sandbox_probe() {
    if let Ok(text) = std::env::var(INSIDE) {
        return inside(&text);
    }
    let folder = std::env::temp_dir().join(format!("wireglobe-sandbox-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    if let Some(person) = Person::due() {
        hand_over(&folder, &person).unwrap();
    }
    std::fs::write(folder.join("named"), "x").unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let value = format!("{}|{}", folder.display(), listener.local_addr().unwrap());
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "sandbox::tests::sandbox_probe", "--nocapture"])
        .env(INSIDE, value)
        .output()
        .unwrap();
    std::fs::remove_dir_all(&folder).unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{text}{}", String::from_utf8_lossy(&output.stderr));
    if !text.contains("lost []") {
        println!("skipped in part: this kernel has no whole sandbox: {text}");
        return;
    }
    for (what, may, _) in attempts(Path::new("/nonexistent"), "127.0.0.1:1") {
        let line = text
            .lines()
            .find(|line| line.contains(&format!("tried {what}: ")))
            .unwrap_or_else(|| panic!("{what}: {text}"));
        assert_eq!(line.ends_with(": done"), may, "{line}");
    }
    assert!(!Path::new("/tmp/wireglobe-test-elsewhere").exists());
}

#[test]
fn what_is_not_ours_alone_is_not_handed_over() {
    use std::os::unix::fs::{MetadataExt, chown, symlink};

    if !rustix::process::geteuid().is_root() {
        println!("skipped: needs root");
        return;
    }
    let folder = std::env::temp_dir().join(format!("wireglobe-hand-over-{}", std::process::id()));
    let person = Person::due().unwrap();
    let owner = |name: &str| std::fs::symlink_metadata(folder.join(name)).unwrap().uid();
    let with = |name: &str, file: &str| {
        std::fs::create_dir_all(folder.join(name)).unwrap();
        std::fs::write(folder.join(name).join(file), "x").unwrap();
        folder.join(name)
    };
    hand_over(&folder.join("made"), &person).unwrap();
    assert_eq!(owner("made"), person.uid);

    let kept = with("kept", "alerts.sqlite");
    std::fs::write(folder.join("elsewhere"), "x").unwrap();
    std::fs::hard_link(folder.join("elsewhere"), kept.join("flows-linked")).unwrap();
    symlink(folder.join("elsewhere"), kept.join("flows-symbolic")).unwrap();
    hand_over(&kept, &person).unwrap();
    assert_eq!((owner("kept"), owner("kept/alerts.sqlite")), (person.uid, person.uid));
    assert_eq!((owner("elsewhere"), owner("kept/flows-symbolic")), (0, 0));

    let mixed = with("mixed", "syslog");
    let theirs = with("theirs", "alerts.sqlite");
    chown(&theirs, Some(1234), None).unwrap();
    for other in [
        mixed,
        theirs,
        PathBuf::from("/"),
        PathBuf::from("/etc"),
        PathBuf::from("/var/lib"),
        PathBuf::from("/proc"),
    ] {
        assert!(hand_over(&other, &person).is_err(), "{other:?}");
    }
    assert_eq!((owner("mixed"), owner("mixed/syslog"), owner("theirs/alerts.sqlite")), (0, 0, 0));
    std::fs::remove_dir_all(&folder).unwrap();
}
