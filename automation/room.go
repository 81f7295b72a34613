package automation

import (
	"context"
	"fmt"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// An engine that cannot write the state leaves it cut off, and its copy too. So an operation that changes something
// keeps a reserve where the state is a file, and is cancelled when no more than that is left: it can then finish what
// is in flight, and write down all of it.
const (
	reserve = 16 << 20
	// lowRoom is how much has to be free besides, in bytes.
	lowRoom = 8 << 20
	// roomInterval is how often that is looked at.
	roomInterval = 50 * time.Millisecond
)

// guard keeps what an operation needs to end well while it runs, and cancels it when there is no more room.
func (l *Lab) guard(ctx context.Context, cancel context.CancelCauseFunc) (end func()) {
	folder := l.stateFolder()
	if folder == "" {
		return func() {}
	}
	forget := func() {}
	if l.offline != nil {
		forget = l.offline.KeepState(string(l.project.Name), l.options.Stack)
	}
	release := reserveRoom(folder)
	watching, stop := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer release()
		ticker := time.NewTicker(roomInterval)
		defer ticker.Stop()
		for {
			select {
			case <-watching.Done():
				return
			case <-ticker.C:
			}
			if free, known := freeRoom(folder); known && free < lowRoom {
				release()
				cancel(fmt.Errorf("only %d MB were free in %s; free some space there", free>>20, folder))
				return
			}
		}
	}()
	return func() {
		stop()
		<-done
		forget()
		if l.offline != nil {
			_ = l.offline.KeepWorld(context.WithoutCancel(ctx)) // the copy before is still there
		}
	}
}

// reserveRoom takes up space until release is called.
func reserveRoom(folder string) (release func()) {
	file, err := os.CreateTemp(folder, ".reserve-*")
	if err != nil {
		return func() {}
	}
	// The file has no name while it is open: nothing is left of it when this process is killed.
	_ = os.Remove(file.Name())
	_ = unix.Fallocate(int(file.Fd()), 0, 0, reserve) // some file systems cannot
	return func() { _ = file.Close() }
}

// freeRoom returns how many bytes a user can still write.
func freeRoom(folder string) (free int64, known bool) {
	var usage unix.Statfs_t
	if err := unix.Statfs(folder, &usage); err != nil {
		return 0, false
	}
	return int64(usage.Bavail) * usage.Bsize, true
}
