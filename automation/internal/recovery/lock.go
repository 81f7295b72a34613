package recovery

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"time"

	"github.com/shirou/gopsutil/v4/process"
)

// Holder is the process that holds a stack's lock.
type Holder struct {
	User, Host string
	PID        int32
	Since      time.Time
}

func (h Holder) String() string {
	return fmt.Sprintf("%s@%s (pid %d) at %s", h.User, h.Host, h.PID, h.Since.Format(time.RFC3339))
}

// holder is how the engine names one.
var holder = regexp.MustCompile(`created by (\S+)@(\S+) \(pid (\d+)\) at (\S+)`)

// Holders returns those that the engine names when it refuses an operation on a locked stack.
func Holders(text string) []Holder {
	var holders []Holder
	for _, found := range holder.FindAllStringSubmatch(text, -1) {
		pid, err := strconv.ParseInt(found[3], 10, 32)
		since, timeErr := time.Parse(time.RFC3339, found[4])
		if err == nil && timeErr == nil {
			holders = append(holders, Holder{User: found[1], Host: found[2], PID: int32(pid), Since: since})
		}
	}
	return holders
}

// LockFolder returns the folder of the locks of a stack whose state is below a folder.
func LockFolder(folder, project, stack string) string {
	return filepath.Join(folder, ".pulumi", "locks", "organization", project, stack)
}

// Locks returns those who hold the lock of a stack whose state is below a folder. A lock that cannot be read is passed
// over: it is being written, or removed.
func Locks(folder, project, stack string) []Holder {
	locks := os.DirFS(LockFolder(folder, project, stack))
	files, _ := fs.Glob(locks, "*.json")
	var holders []Holder
	for _, file := range files {
		var lock struct {
			PID       int32     `json:"pid"`
			Username  string    `json:"username"`
			Hostname  string    `json:"hostname"`
			Timestamp time.Time `json:"timestamp"`
		}
		content, err := fs.ReadFile(locks, file)
		if err == nil && json.Unmarshal(content, &lock) == nil {
			holders = append(holders, Holder{lock.Username, lock.Hostname, lock.PID, lock.Timestamp})
		}
	}
	return holders
}

// Stale reports whether every holder has ended. One on another machine cannot be asked, and counts as alive. So does a
// process whose start cannot be told. A process that began after the lock has the process id of a holder that ended.
func Stale(ctx context.Context, holders []Holder) (bool, error) {
	host, err := os.Hostname()
	if err != nil {
		return false, fmt.Errorf("finding the name of this machine: %w", err)
	}
	for _, h := range holders {
		if h.Host != host {
			return false, nil
		}
		running, err := process.NewProcessWithContext(ctx, h.PID)
		if errors.Is(err, process.ErrorProcessNotRunning) {
			continue
		}
		if err != nil {
			return false, fmt.Errorf("looking for process %d: %w", h.PID, err)
		}
		// A process that nobody has waited for keeps its number.
		if status, err := running.StatusWithContext(ctx); err == nil && slices.Contains(status, process.Zombie) {
			continue
		}
		began, err := running.CreateTimeWithContext(ctx)
		if err != nil {
			return false, fmt.Errorf("finding when process %d began: %w", h.PID, err)
		}
		// The engine writes its lock after it has begun, in whole seconds.
		if time.UnixMilli(began).Before(h.Since.Add(time.Second)) {
			return false, nil
		}
	}
	return len(holders) > 0, nil
}
