//! The binary: a command line is one more way of showing.
fn main() -> std::process::ExitCode {
    visualizer::main()
}
