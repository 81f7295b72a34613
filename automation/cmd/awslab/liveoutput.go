package main

import (
	"os"
	"strings"
	"sync"

	"github.com/charmbracelet/x/ansi"
)

// liveOutput is the terminal that a live view draws on. One that is made narrower wraps the rows that do not fit any
// more. Bubble Tea goes back by as many rows as it has drawn, and would leave the rest of these behind.
type liveOutput struct {
	*stream
	mu sync.Mutex
	// next are the widths of the rows that are drawn with the next write, drawn of those that are on the screen.
	next, drawn []int
}

// expect says what is drawn with the next write.
func (o *liveOutput) expect(text string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.next = nil
	for row := range strings.SplitSeq(text, "\n") {
		o.next = append(o.next, ansi.StringWidth(row))
	}
}

// Write writes what Bubble Tea draws, once the rows are erased that take more room than it knows of.
func (o *liveOutput) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	erase := eraseWrapped(o.drawn, terminalWidth(o.stream))
	o.drawn = o.next
	if _, err := o.stream.Write(append([]byte(erase), p...)); err != nil {
		return 0, err
	}
	return len(p), nil
}

// eraseWrapped returns what erases rows of which a terminal of a width has wrapped some, and leaves the cursor as many
// rows below their begin as they were.
func eraseWrapped(rows []int, width int) string {
	more := 0
	for _, row := range rows {
		if width > 0 && row > width {
			more += (row - 1) / width
		}
	}
	if more == 0 {
		return ""
	}
	begin := "\r" + ansi.CursorUp(more+len(rows)-1) + ansi.EraseScreenBelow
	if len(rows) == 1 {
		return begin
	}
	return begin + ansi.CursorDown(len(rows)-1)
}

// wrapsAnew reports whether the terminal wraps what is on it anew when it is made narrower. All do but xterm, the
// console of Linux and GNU Screen, which cut it.
func wrapsAnew() bool {
	return os.Getenv("XTERM_VERSION") == "" && os.Getenv("STY") == "" && os.Getenv("TERM") != "linux"
}
