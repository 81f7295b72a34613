package main

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/awslab/awslab/automation"
	"github.com/awslab/awslab/automation/engine"
	"golang.org/x/term"
)

// view renders an operation while it runs.
type view interface {
	// announce says what is about to be done, and on which target.
	announce(text string)
	// engine shows that the Pulumi engine is being built.
	engine(engine.Progress)
	event(automation.Event)
	notice(text string)
	close()
}

// openView picks the view: JSON when asked for, live where a person watches, plain lines elsewhere.
func (a *app) openView(operation automation.Operation) view {
	a.mu.Lock()
	defer a.mu.Unlock()
	switch {
	case a.json:
		a.view = &jsonView{encoder: json.NewEncoder(a.out), err: a.err}
	case a.canDraw():
		a.view = newLiveView(a.err.(*stream), operation, &a.findings)
	default:
		a.view = newPlainView(a.err, operation, &a.findings)
	}
	return a.view
}

// canDraw reports whether standard error is a terminal that can move its cursor.
func (a *app) canDraw() bool {
	stderr, isFile := a.err.(*stream)
	return isFile && term.IsTerminal(int(stderr.Fd())) && !slices.Contains([]string{"", "dumb"}, os.Getenv("TERM"))
}

// currentView renders with the view that is open: a question closes one, and another is opened after it.
type currentView struct{ *app }

func (c currentView) do(render func(view)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.view != nil {
		render(c.view)
	}
}

func (c currentView) announce(text string)     { c.do(func(v view) { v.announce(text) }) }
func (c currentView) engine(p engine.Progress) { c.do(func(v view) { v.engine(p) }) }
func (c currentView) event(e automation.Event) { c.do(func(v view) { v.event(e) }) }
func (c currentView) notice(text string)       { c.do(func(v view) { v.notice(text) }) }
func (c currentView) close()                   { c.closeView() }

func (a *app) closeView() {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.view != nil {
		a.view.close()
		a.view = nil
	}
}

// notify prints a notice beside the operation's own events.
func (a *app) notify(text string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	switch {
	case a.ended:
	case a.view != nil:
		a.view.notice(text)
	default:
		fmt.Fprintln(a.err, "awslab: "+text)
	}
}

// end has nothing said any more but how the command ended.
func (a *app) end() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.ended = true
}

// jsonView prints every event as it is; what is no event goes to standard error.
type jsonView struct {
	encoder *json.Encoder
	err     io.Writer
	last    time.Time
}

func (v *jsonView) announce(text string)     { fmt.Fprintln(v.err, "awslab: "+text) }
func (v *jsonView) notice(text string)       { fmt.Fprintln(v.err, "awslab: "+text) }
func (v *jsonView) event(e automation.Event) { _ = v.encoder.Encode(e) }
func (v *jsonView) close()                   {}

func (v *jsonView) engine(p engine.Progress) {
	if time.Since(v.last) >= progressInterval {
		v.last = time.Now()
		v.announce(describeBuild(p))
	}
}

// printJSONLines prints each of a list as JSON, on a line of its own.
func printJSONLines[T any](w io.Writer, list []T) error {
	encoder := json.NewEncoder(w)
	for _, element := range list {
		if err := encoder.Encode(element); err != nil {
			return err
		}
	}
	return nil
}

// progressInterval keeps a build of several minutes visible in a log without filling it.
const progressInterval = 5 * time.Second

// plainView prints a line for each step that ended, for logs and pipes.
type plainView struct {
	w io.Writer
	// command is what the user asked for: an up's own preview shows only what it found, not every step.
	command  automation.Operation
	findings *findings
	last     time.Time
}

func newPlainView(w io.Writer, command automation.Operation, findings *findings) *plainView {
	return &plainView{w: w, command: command, findings: findings}
}

func (v *plainView) announce(text string) { fmt.Fprintln(v.w, "awslab: "+text) }
func (v *plainView) notice(text string)   { fmt.Fprintln(v.w, "awslab: "+text) }
func (v *plainView) close()               {}

func (v *plainView) engine(p engine.Progress) {
	if time.Since(v.last) >= progressInterval {
		v.last = time.Now()
		fmt.Fprintln(v.w, describeBuild(p))
	}
}

func (v *plainView) event(e automation.Event) {
	// Not wrapped: what reads a log or a pipe wraps, or searches, by itself.
	for _, line := range lines(e, v.command, v.findings, 0) {
		fmt.Fprintln(v.w, line.text)
	}
}

// buildTitle says what takes so long, once.
const buildTitle = "building the Pulumi engine"

func describeBuild(p engine.Progress) string {
	return buildTitle + " (once, about 4 minutes): " + buildStep(p)
}

func buildStep(p engine.Progress) string {
	switch {
	case p.Total > 0:
		return fmt.Sprintf("%s %d of at most %d packages", p.Phase, p.Done, p.Total)
	case p.Done > 0:
		return fmt.Sprintf("%s %d", p.Phase, p.Done)
	default:
		return p.Phase
	}
}

// lines returns what an event comes to as text; most events come to one line, some to none. Violations are told
// together when their operation has finished.
func lines(e automation.Event, command automation.Operation, found *findings, width int) []line {
	switch e.Type {
	case automation.EventStarted:
		return []line{{string(e.Operation) + " ...", style(e)}}
	case automation.EventResource:
		if shown(*e.Resource, e.Operation == command) {
			return []line{{stepLine(e.Operation, *e.Resource), style(e)}}
		}
	case automation.EventDiagnostic:
		return []line{{diagnosticLine(*e.Diagnostic), style(e)}}
	case automation.EventFinished:
		summary := line{summaryLine(*e.Result), style(e)}
		section := append(recoveryLines(e.Result.Recovery), found.section(*e.Result, width)...)
		if refused(*e.Result) {
			return append([]line{summary}, section...)
		}
		return append(section, summary)
	}
	return nil
}

// recoveryLines tell what became of what an operation that was killed had left: in the state, if that was written.
func recoveryLines(r *automation.Recovery) []line {
	if r == nil {
		return nil
	}
	var told []line
	for _, holder := range r.Released {
		told = append(told, line{text: "  released the lock of " + holder + ", whose process has ended"})
	}
	for _, v := range r.Verdicts {
		fate := string(v.Fate)
		switch {
		case r.Written:
		case v.Fate == automation.Adopted:
			fate = "found"
		case v.Fate == automation.Cleared:
			fate = "to clear"
		}
		text := fmt.Sprintf("  %-8s %s", fate, v.Name())
		if v.ID != "" {
			text += " " + v.ID
		}
		told = append(told, line{text: text})
	}
	return told
}

// shown reports whether a step gets a line: when it has ended, or, where a plan was asked for, when it is planned. Of
// the three steps of a replacement only the one that names the whole is shown, unless one fails.
func shown(s automation.Step, asked bool) bool {
	switch s.Phase {
	case automation.Failed:
		return true
	case automation.Running:
		return false
	case automation.Planned:
		if !asked {
			return false
		}
	}
	return s.Op != "create-replacement" && s.Op != "delete-replaced"
}

var symbols = map[string]string{
	"create": "+", "update": "~", "delete": "-", "replace": "±", "create-replacement": "±", "delete-replaced": "±",
	"read": ">", "import": "=", "refresh": "~",
}

func stepLine(operation automation.Operation, s automation.Step) string {
	symbol, known := symbols[s.Op]
	if !known {
		symbol = " "
	}
	line := fmt.Sprintf("  %s %-18s %s %s", symbol, wordOf(operation, s.Op), s.Type, s.Name)
	if s.Phase == automation.Failed {
		line += " FAILED"
	}
	if len(s.Properties) > 0 {
		marked := make([]string, len(s.Properties))
		for i, property := range s.Properties {
			marked[i] = property
			if slices.Contains(s.Replacing, property) {
				marked[i] += " (replaces)"
			}
		}
		line += " [" + strings.Join(marked, ", ") + "]"
	}
	return line
}

// differences are how a drift, which does nothing, calls what the engine's words are for.
var differences = map[string]string{"delete": "missing", "update": "changed", "same": "unchanged"}

// wordOf returns the word for what an operation does to a resource.
func wordOf(operation automation.Operation, op string) string {
	if word, known := differences[op]; known && operation == automation.OperationDrift {
		return word
	}
	return op
}

func diagnosticLine(d automation.Diagnostic) string {
	return fmt.Sprintf("  %s: %s", d.Severity, d)
}

// pastTense turns the engine's words into the summary's, for a plan and for what was done.
var pastTense = map[string][2]string{
	"create": {"to create", "created"}, "update": {"to update", "updated"}, "replace": {"to replace", "replaced"},
	"delete": {"to delete", "deleted"}, "same": {"unchanged", "unchanged"}, "read": {"to read", "read"},
}

func summaryLine(r automation.Result) string {
	tense := 1
	if r.Operation == automation.OperationPreview {
		tense = 0
	}
	var parts []string
	for _, op := range slices.Sorted(maps.Keys(r.Changes)) {
		word := wordOf(r.Operation, op)
		if words, known := pastTense[word]; known {
			word = words[tense]
		}
		parts = append(parts, fmt.Sprintf("%d %s", r.Changes[op], word))
	}
	switch p := r.Progress; {
	case r.Cancelled && p != nil: // the engine counts what it could not record, too
		parts = []string{fmt.Sprintf("%d of %d done", p.Done, p.Done+p.Left)}
	case len(parts) == 0:
		parts = []string{"nothing"}
	}
	outcome := "done"
	switch {
	case r.Cancelled:
		outcome = "CANCELLED"
	case !r.Succeeded:
		outcome = "FAILED"
	}
	return fmt.Sprintf("%s %s: %s (%.1f s)", r.Operation, outcome, strings.Join(parts, ", "), r.Duration.Seconds())
}
