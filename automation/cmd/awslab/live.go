package main

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/awslab/awslab/automation"
	"github.com/awslab/awslab/automation/engine"
	"github.com/charmbracelet/bubbles/spinner"
	tea "github.com/charmbracelet/bubbletea"
	"github.com/charmbracelet/lipgloss"
	"golang.org/x/term"
)

// runningRows bounds the list of steps in flight, so that the view fits a small terminal.
const runningRows = 8

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
	terminal *stream
	findings *findings
}

func newLiveView(w *stream, command automation.Operation, findings *findings) *liveView {
	model := &liveModel{spinner: spinner.New(spinner.WithSpinner(spinner.Dot)), running: map[string]running{}}
	// No input and no signal handler: the terminal stays as it is, and Ctrl-C reaches the process as a signal.
	v := &liveView{
		program: tea.NewProgram(model, tea.WithOutput(w), tea.WithInput(nil), tea.WithoutSignalHandler()),
		done:    make(chan struct{}), command: command, terminal: w, findings: findings,
	}
	go func() {
		defer close(v.done)
		_, _ = v.program.Run()
	}()
	return v
}

func (v *liveView) announce(text string)     { v.program.Println("awslab: " + text) }
func (v *liveView) notice(text string)       { v.program.Println(yellow.Render("awslab: " + text)) }
func (v *liveView) engine(p engine.Progress) { v.program.Send(p) }

func (v *liveView) event(e automation.Event) {
	for _, line := range lines(e, v.command, v.findings, v.width()) {
		v.program.Println(line.style.Render(line.text))
	}
	v.program.Send(e)
}

// narrowest is the width in columns below which wrapping would leave a word a line.
const narrowest = 40

// width returns the terminal's width in columns now, or 0 where it has none.
func (v *liveView) width() int {
	width, _, err := term.GetSize(int(v.terminal.Fd()))
	if err != nil || width == 0 {
		return 0
	}
	return max(width, narrowest)
}

func (v *liveView) close() {
	v.program.Quit()
	<-v.done
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
	build     string
	running   map[string]running
	ended     int
}

func (m *liveModel) Init() tea.Cmd { return m.spinner.Tick }

func (m *liveModel) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	switch msg := msg.(type) {
	case spinner.TickMsg:
		var cmd tea.Cmd
		m.spinner, cmd = m.spinner.Update(msg)
		return m, cmd
	case engine.Progress:
		m.build = describeBuild(msg)
	case automation.Event:
		m.take(msg)
	}
	return m, nil
}

func (m *liveModel) take(e automation.Event) {
	m.build = ""
	switch e.Type {
	case automation.EventStarted:
		m.operation, m.ended = e.Operation, 0
		clear(m.running)
	case automation.EventFinished:
		m.operation = ""
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
	if m.build != "" {
		return m.spinner.View() + m.build + "\n"
	}
	if m.operation == "" {
		return ""
	}
	var b strings.Builder
	inFlight := make([]running, 0, len(m.running))
	for _, r := range m.running {
		inFlight = append(inFlight, r)
	}
	slices.SortFunc(inFlight, func(a, b running) int { return a.since.Compare(b.since) })
	for i, r := range inFlight {
		if i == runningRows {
			fmt.Fprintf(&b, "  %s\n", faint.Render(fmt.Sprintf("and %d more", len(inFlight)-i)))
			break
		}
		fmt.Fprintf(&b, "  %s%s %s %s\n", m.spinner.View(), r.step.Op, r.step.Name,
			faint.Render(fmt.Sprintf("%s %.0f s", r.step.Type, time.Since(r.since).Seconds())))
	}
	fmt.Fprintf(&b, "%s%s: %d resources so far\n", m.spinner.View(), m.operation, m.ended)
	return b.String()
}
