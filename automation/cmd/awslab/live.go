package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/charmbracelet/bubbles/spinner"
	tea "github.com/charmbracelet/bubbletea"
	"github.com/charmbracelet/lipgloss"
	"github.com/charmbracelet/x/ansi"
	"github.com/muesli/termenv"

	"github.com/awslab/awslab/automation"
	"github.com/awslab/awslab/automation/engine"
	"github.com/awslab/awslab/automation/internal/plaintext"
)

const (
	// runningRows bounds the list of steps in flight, so that the view fits a small terminal.
	runningRows = 8
	// liveWidth is the width in columns of the rows that are drawn over and over, where that of the terminal is not
	// known, or where it cuts them once it is made narrower.
	liveWidth = 40
	// narrowest is the width in columns below which wrapping would leave a word a line.
	narrowest = 40
)

var (
	plainStyle = lipgloss.NewStyle()
	bold       = lipgloss.NewStyle().Bold(true)
	faint      = lipgloss.NewStyle().Faint(true)
	green      = lipgloss.NewStyle().Foreground(lipgloss.Color("2"))
	yellow     = lipgloss.NewStyle().Foreground(lipgloss.Color("3"))
	red        = lipgloss.NewStyle().Foreground(lipgloss.Color("1"))
)

// liveView draws on a terminal: what has ended scrolls by as lines, what is in flight stays below them.
type liveView struct {
	program  *tea.Program
	done     chan struct{}
	command  automation.Operation
	output   *liveOutput
	findings *findings
	echo     func()
}

func newLiveView(w *stream, command automation.Operation, findings *findings) *liveView {
	lipgloss.DefaultRenderer().SetOutput(termenv.NewOutput(w.File))
	output := &liveOutput{stream: w}
	model := &liveModel{spinner: newSpinner(), running: map[string]running{}, output: output, wraps: wrapsAnew()}
	// No input and no signal handler: the terminal stays as it is, and Ctrl-C reaches the process as a signal.
	v := &liveView{
		program: tea.NewProgram(model, tea.WithOutput(output), tea.WithInput(nil), tea.WithoutSignalHandler()),
		done:    make(chan struct{}), command: command, output: output, findings: findings,
		echo: withoutEcho(int(w.Fd())),
	}
	go func() {
		defer close(v.done)
		_, _ = v.program.Run()
	}()
	return v
}

func (v *liveView) announce(text string)     { v.print(line{text: "awslab: " + text}) }
func (v *liveView) notice(text string)       { v.print(line{"awslab: " + text, yellow}) }
func (v *liveView) engine(p engine.Progress) { v.program.Send(p) }

func (v *liveView) event(e automation.Event) {
	for _, line := range lines(e, v.command, v.findings, v.width()) {
		v.print(line)
	}
	v.program.Send(e)
}

// print adds a line above what is in flight. The terminal wraps it, so that it wraps anew with the terminal's width and
// is copied whole: what was drawn is erased first, as the rest of a wrapped line would not cover it.
func (v *liveView) print(l line) {
	for text := range strings.SplitSeq(plaintext.Of(l.text), "\n") {
		v.program.Println(ansi.EraseScreenBelow + l.style.Render(text))
	}
}

// width returns the terminal's width in columns now, or 0 where it has none.
func (v *liveView) width() int { return terminalWidth(v.output.stream) }

// over says that nothing is in flight any more: what is drawn last stays on the screen.
type over struct{}

func (v *liveView) close() {
	v.program.Send(over{})
	v.program.Quit()
	<-v.done
	v.echo()
}

func style(e automation.Event) lipgloss.Style {
	switch {
	case e.Resource != nil && e.Resource.Phase == automation.Failed,
		e.Diagnostic != nil && e.Diagnostic.Severity == "error",
		e.Result != nil && !e.Result.Succeeded:
		return red
	case e.Diagnostic != nil && e.Diagnostic.Severity == "warning":
		return yellow
	case e.Result != nil:
		return green
	case e.Type == automation.EventStarted:
		return faint
	default:
		return lipgloss.NewStyle()
	}
}

type running struct {
	step  automation.Step
	since time.Time
}

type liveModel struct {
	spinner   spinner.Model
	operation automation.Operation
	build     *engine.Progress
	running   map[string]running
	// ended and planned count resources; planned is 0 where no preview came before.
	ended, planned int
	// height and width are the terminal's, in rows and columns; 0 while they are not known.
	height, width int
	// wraps says that the terminal wraps its rows anew when it is made narrower.
	wraps  bool
	output *liveOutput
}

func (m *liveModel) Init() tea.Cmd { return m.spinner.Tick }

func (m *liveModel) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	switch msg := msg.(type) {
	case spinner.TickMsg:
		var cmd tea.Cmd
		m.spinner, cmd = m.spinner.Update(msg)
		return m, cmd
	case tea.WindowSizeMsg:
		m.height, m.width = msg.Height, msg.Width
	case over:
		m.build, m.operation = nil, ""
	case engine.Progress:
		m.build = &msg
	case automation.Event:
		m.take(msg)
	}
	return m, nil
}

func (m *liveModel) take(e automation.Event) {
	m.build = nil
	switch e.Type {
	case automation.EventStarted:
		m.operation, m.ended = e.Operation, 0
		clear(m.running)
	case automation.EventFinished:
		m.operation, m.planned = "", 0
		if e.Operation == automation.OperationPreview {
			m.planned = len(e.Result.Steps)
		}
		clear(m.running)
	case automation.EventResource:
		if e.Resource.Phase == automation.Running {
			m.running[e.Resource.URN] = running{*e.Resource, time.Now()}
			return
		}
		delete(m.running, e.Resource.URN)
		m.ended++
	}
}

func (m *liveModel) View() string {
	text := m.text()
	m.output.expect(text)
	return text
}

func (m *liveModel) text() string {
	if m.build != nil {
		return m.row(buildTitle, "") + m.row("  "+buildStep(*m.build), "")
	}
	if m.operation == "" {
		return ""
	}
	inFlight := slices.SortedFunc(maps.Values(m.running), func(a, b running) int { return a.since.Compare(b.since) })
	rows := runningRows
	if m.height > 0 {
		rows = max(0, min(rows, m.height-4)) // two rows of the view's own, the cursor's and one that scrolls by
	}
	var b strings.Builder
	for i, r := range inFlight {
		if i == rows {
			b.WriteString(m.row(fmt.Sprintf("  and %d more", len(inFlight)-i), ""))
			break
		}
		b.WriteString(m.row("  "+r.step.Op+" "+r.step.Name, fmt.Sprintf(" %.0f s", time.Since(r.since).Seconds())))
	}
	progress := plural(m.ended, "resource") + " so far"
	if m.planned > 0 && m.operation != automation.OperationPreview {
		progress = fmt.Sprintf("%d of %d resources", m.ended, max(m.ended, m.planned))
	}
	b.WriteString(m.row(string(m.operation)+": "+progress, ""))
	return b.String()
}

// row returns a line of the view; of text, what does not fit is cut.
func (m *liveModel) row(text, end string) string {
	width := liveWidth
	if m.wraps && m.width > 0 {
		width = m.width
	}
	// The last column stays free: a terminal wraps when it is written to.
	room := width - 1 - lipgloss.Width(m.spinner.View()) - lipgloss.Width(end)
	return m.spinner.View() + ansi.Truncate(plaintext.Of(text), room, "…") + faint.Render(end) + "\n"
}

func newSpinner() spinner.Model { return spinner.New(spinner.WithSpinner(spinner.Dot)) }
