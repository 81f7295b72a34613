package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/charmbracelet/x/ansi"
	"github.com/creack/pty"
	"github.com/stretchr/testify/require"
	"github.com/vito/midterm"

	"github.com/awslab/awslab/automation"
	"github.com/awslab/awslab/automation/engine"
)

// screen is a terminal emulator at the other end of a live view.
type screen struct {
	t        *testing.T
	view     *liveView
	keyboard *os.File
	tty      *os.File
	emptied  chan struct{}

	mu       sync.Mutex
	terminal *midterm.Terminal
	// wraps says that the terminal wraps its rows anew with each width, and does not cut them.
	wraps bool
}

// The terminal says that it has 24 rows. The emulator has as many as anything here prints, as it keeps none that scroll
// by.
const (
	screenHeight = 24
	screenRows   = 1000
)

func newScreen(t *testing.T, width int) *screen {
	t.Helper()
	keyboard, tty, err := pty.Open()
	require.NoError(t, err)
	s := &screen{
		t: t, keyboard: keyboard, tty: tty, emptied: make(chan struct{}),
		terminal: midterm.NewTerminal(screenRows, width),
	}
	s.setWidth(width)
	go func() {
		defer close(s.emptied)
		buffer := make([]byte, 4096)
		for {
			n, err := keyboard.Read(buffer)
			s.mu.Lock()
			_, _ = s.terminal.Write(buffer[:n])
			s.mu.Unlock()
			if err != nil {
				return
			}
		}
	}()
	s.view = newLiveView(&stream{File: tty, gone: func() {}}, automation.OperationUp, &findings{})
	return s
}

// setWidth resizes the terminal, which then signals it. One that wraps its rows anew does so between two writes: what
// is on its way was drawn for another width.
func (s *screen) setWidth(width int) {
	if s.wraps {
		s.view.output.mu.Lock()
		defer s.view.output.mu.Unlock()
		s.awaitWrites(fmt.Sprintf("%d columns", width))
	}
	s.mu.Lock()
	if s.wraps {
		s.wrapAnew(width)
	} else {
		s.terminal.ResizeX(width)
	}
	s.mu.Unlock()
	require.NoError(s.t, pty.Setsize(s.keyboard, &pty.Winsize{Rows: screenHeight, Cols: uint16(width)}))
	require.NoError(s.t, syscall.Kill(os.Getpid(), syscall.SIGWINCH))
}

// awaitWrites returns once the terminal has got all that was written until now: the last is a title of the window.
func (s *screen) awaitWrites(title string) {
	_, err := fmt.Fprintf(s.tty, "\x1b]2;%s\a", title)
	require.NoError(s.t, err)
	require.Eventually(s.t, func() bool {
		s.mu.Lock()
		defer s.mu.Unlock()
		return s.terminal.Title == title
	}, time.Minute, time.Millisecond)
}

// wrapAnew gives the terminal another width, as most do it: rows that were wrapped are joined, and wrapped once more.
func (s *screen) wrapAnew(width int) {
	narrow := midterm.NewTerminal(screenRows, width)
	for y := range s.terminal.Cursor.Y {
		row := string(s.terminal.Content[y])
		if text := strings.TrimRight(row, " "); len([]rune(text)) < s.terminal.Width {
			row = text + "\r\n"
		}
		_, _ = narrow.Write([]byte(row))
	}
	s.terminal = narrow
}

// lines returns all that scrolled by and what is on the screen, without trailing blanks.
func (s *screen) lines() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []string
	for _, row := range s.terminal.Content {
		all = append(all, string(row))
	}
	for i := range all {
		all[i] = strings.TrimRight(all[i], " ")
	}
	for len(all) > 0 && all[len(all)-1] == "" {
		all = all[:len(all)-1]
	}
	return all
}

// awaitText returns once the screen shows a text.
func (s *screen) awaitText(text string) {
	s.t.Helper()
	require.Eventually(s.t, func() bool { return strings.Contains(strings.Join(s.lines(), "\n"), text) },
		time.Minute, time.Millisecond, "the screen shows %q", text)
}

// close ends the view, and returns what is left.
func (s *screen) close() []string {
	s.view.close()
	require.NoError(s.t, s.tty.Close())
	<-s.emptied
	require.NoError(s.t, s.keyboard.Close())
	return s.lines()
}

// play shows the view an operation with lines that are longer than a terminal is wide, and returns them. between is
// called while steps are in flight.
func (s *screen) play(between func(round int)) (printed []string) {
	say := func(text string) {
		s.view.announce(text)
		printed = append(printed, "awslab: "+text)
	}
	send := func(e automation.Event) {
		e.Operation = automation.OperationUp
		s.view.event(e)
		for _, l := range lines(e, automation.OperationUp, &findings{}, 0) {
			printed = append(printed, strings.Split(l.text, "\n")...)
		}
	}
	say("up of stack dev on the offline target (stand-ins for AWS on this machine; nothing is created at AWS)")
	s.view.engine(engine.Progress{Phase: "compiling", Done: 431, Total: 980})
	s.awaitText("compiling 431")
	send(automation.Event{Type: automation.EventStarted})
	step := func(n int, phase automation.Phase) {
		send(automation.Event{Type: automation.EventResource, Resource: &automation.Step{
			URN: fmt.Sprint(n), Op: "create", Phase: phase, Type: "aws:vpc/securityGroupIngressRule:Rule",
			Name: fmt.Sprintf("lab-load-balancer-%d-ingress-80-from-0.0.0.0-0-and-a-name-that-no-line-of-80-holds", n),
		}})
	}
	for round := range 6 {
		for n := range 11 {
			step(round*11+n, automation.Running)
		}
		s.awaitText("and 3 more")
		between(round)
		for n := range 11 {
			step(round*11+n, automation.Done)
		}
		send(automation.Event{Type: automation.EventDiagnostic, Diagnostic: &automation.Diagnostic{
			Severity: "warning", Message: "short\n" + strings.Repeat("a long second line ", 12) + "\nand a third",
		}})
		s.awaitText(fmt.Sprintf("up: %d resources so far", 11*(round+1)))
	}
	return printed
}

// wrapped breaks lines as a terminal does.
func wrapped(lines []string, width int) []string {
	var rows []string
	for _, l := range lines {
		row := []rune(l)
		for ; len(row) > width; row = row[width:] {
			rows = append(rows, strings.TrimRight(string(row[:width]), " "))
		}
		rows = append(rows, strings.TrimRight(string(row), " "))
	}
	return rows
}

func TestTheLiveViewLeavesItsLinesAndNothingElse(t *testing.T) {
	for _, width := range []int{40, 41, 60, 79, 80, 81, 100, 120, 200} {
		t.Run(fmt.Sprint(width), func(t *testing.T) {
			s := newScreen(t, width)
			printed := s.play(func(int) { // somebody types
				_, err := io.WriteString(s.keyboard, "abc\r\r")
				require.NoError(t, err)
			})
			require.Equal(t, wrapped(printed, width), s.close())
		})
	}
}

func TestTheLiveViewLeavesNothingWhenATerminalThatCutsIsResized(t *testing.T) {
	t.Setenv("XTERM_VERSION", "XTerm(390)")
	widths := []int{200, 40, 80, 60, 120, 41}
	s := newScreen(t, 100)
	printed := s.play(func(round int) { s.setWidth(widths[round]) })
	left := strings.Join(s.close(), "\n")
	for _, remnant := range append(s.spinnerFrames(), "so far", "and 3 more", "building", "…") {
		require.NotContains(t, left, remnant)
	}
	// Rows that were there when the terminal became narrower are cut.
	for _, row := range wrapped(printed[len(printed)-10:], widths[5]) {
		require.Contains(t, left, row)
	}
}

func TestTheLiveViewLeavesItsLinesWhenATerminalThatWrapsIsResized(t *testing.T) {
	for _, widths := range [][]int{{200, 40, 80, 60, 120, 41}, {60, 200, 60, 200, 79, 80}} {
		s := newScreen(t, 200)
		s.wraps = true
		printed := s.play(func(round int) { s.setWidth(widths[round]) })
		// Whether a row that ends in a blank was wrapped, the emulator does not tell.
		text := func(rows []string) string { return strings.Join(strings.Fields(strings.Join(rows, "")), "") }
		require.Equal(t, text(printed), text(s.close()))
	}
}

// A name of 79 columns fits where there are 200, and is cut where there are 60.
func TestTheLiveViewUsesTheWidthOfTheTerminal(t *testing.T) {
	const row = "  create lab-load-balancer-0-ingress-80-from-0.0.0.0-0-and-a-name-that-no-line-of-80-holds"
	for width, want := range map[int]string{60: row[:52] + "…", 200: row} {
		s := newScreen(t, width)
		s.play(func(round int) {
			if round == 0 {
				s.awaitText(want)
			}
		})
		s.close()
	}
}

func (s *screen) spinnerFrames() (frames []string) {
	model := &liveModel{spinner: newSpinner()}
	for _, frame := range model.spinner.Spinner.Frames {
		frames = append(frames, strings.TrimSpace(frame))
	}
	return frames
}

func TestNoLineThatIsDrawnAgainIsWiderThanTheNarrowestTerminal(t *testing.T) {
	for _, name := range []string{strings.Repeat("名前", 40), strings.Repeat("x", 90), "with\x1b[2Jescapes\x1b]0;x\a" +
		strings.Repeat("y", 90), "👩‍👩‍👧‍👧" + strings.Repeat("e\u0301", 60)} {
		model := &liveModel{
			spinner: newSpinner(), operation: automation.OperationUp, output: &liveOutput{},
			running: map[string]running{"a": {automation.Step{Op: "create-replacement", Name: name}, time.Now()}},
		}
		for row := range strings.Lines(model.View()) {
			require.Less(t, ansi.StringWidth(strings.TrimSuffix(row, "\n")), narrowest, "%q", row)
			require.NotContains(t, row, "\x1b[2J")
			require.NotContains(t, row, "\x1b]")
		}
	}
}
