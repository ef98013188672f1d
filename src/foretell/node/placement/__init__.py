"""Where a replica's process is started: today on this machine, by `local`."""
