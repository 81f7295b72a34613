package main

import (
	"github.com/charmbracelet/x/termios"
	"golang.org/x/sys/unix"
)

// withoutEcho has a terminal show nothing of what is typed, which would move the lines that are drawn over and over,
// until restore is called. What is typed stays there for who reads next, and Ctrl-C is still a signal.
func withoutEcho(fd int) (restore func()) {
	// Changing the terminal stops a process in the background.
	group, err := unix.IoctlGetInt(fd, unix.TIOCGPGRP)
	if err == nil && group != unix.Getpgrp() {
		return func() {}
	}
	before, err := termios.GetTermios(fd)
	if err != nil || before.Lflag&unix.ECHO == 0 {
		return func() {}
	}
	set := func(echo bool) {
		_ = termios.SetTermios(fd, uint32(before.Ispeed), uint32(before.Ospeed), nil, nil, nil, nil,
			map[termios.L]bool{termios.ECHO: echo})
	}
	set(false)
	return func() { set(true) }
}
