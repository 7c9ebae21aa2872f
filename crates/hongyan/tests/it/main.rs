//! The real program as its users run it: command line, bad input, crashes.

mod cli;
mod crash;
mod program;
