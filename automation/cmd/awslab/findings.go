package main

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/awslab/awslab/automation"
	"github.com/charmbracelet/lipgloss"
)

// findings renders what the policies found, once per command: a preview shows everything, and what follows it in the
// same command only what is new.
type findings struct {
	shown map[string]bool
}

// line is a line of text and how it is painted where there are colors.
type line struct {
	text  string
	style lipgloss.Style
}

// section returns the lines about an operation's violations, wrapped at width columns; 0 means not at all. What refuses
// the operation comes last then, next to the prompt, and first otherwise.
func (f *findings) section(r automation.Result, width int) []line {
	if f.shown == nil {
		f.shown = map[string]bool{}
	}
	var fresh []automation.Violation
	known := 0
	for _, v := range r.Violations {
		if f.shown[key(v)] {
			known++
			continue
		}
		fresh = append(fresh, v)
	}
	for _, v := range fresh {
		f.shown[key(v)] = true
	}
	if len(r.Violations) == 0 {
		return nil
	}
	if len(fresh) == 0 {
		return []line{{"policy findings: " + countByLevel(r.Violations) + ", all shown above", faint}}
	}
	title := "policy findings: " + countByLevel(fresh)
	if known > 0 {
		title = fmt.Sprintf("new policy findings: %s (%d more are shown above)", countByLevel(fresh), known)
	}
	lines := []line{{title, bold}}

	real := slices.DeleteFunc(slices.Clone(fresh), func(v automation.Violation) bool { return v.Unjudged != "" })
	blocks := blocksOf(real)
	notes := unjudgedLines(fresh, width)
	if refused(r) {
		slices.Reverse(blocks)
		for _, b := range blocks {
			slices.Reverse(b.violations)
		}
		lines = append(lines, notes...)
	}
	for _, b := range blocks {
		lines = append(lines, b.lines(width)...)
	}
	if !refused(r) {
		lines = append(lines, notes...)
	}
	return append(lines, line{})
}

func refused(r automation.Result) bool {
	return !r.Succeeded && slices.ContainsFunc(r.Violations, func(v automation.Violation) bool { return v.Mandatory })
}

// key returns the same for the same finding of a preview and of the update that follows it.
func key(v automation.Violation) string {
	return strings.Join([]string{v.Pack, v.Policy, v.URN, v.Message, fmt.Sprint(v.Mandatory)}, "\n")
}

// countByLevel counts: "1 mandatory, 3 advisory, 5 not judged yet".
func countByLevel(violations []automation.Violation) string {
	var mandatory, advisory, unjudged int
	for _, v := range violations {
		switch {
		case v.Unjudged != "":
			unjudged++
		case v.Mandatory:
			mandatory++
		default:
			advisory++
		}
	}
	var parts []string
	for _, part := range []struct {
		n    int
		what string
	}{{mandatory, "mandatory"}, {advisory, "advisory"}, {unjudged, "not judged yet"}} {
		if part.n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", part.n, part.what))
		}
	}
	return strings.Join(parts, ", ")
}

// block is what was found, the gravest first, about resources of one type that share all their findings.
type block struct {
	resourceType string
	names        []string
	violations   []automation.Violation
}

// blocksOf groups by resource, and resources of the same findings together, the gravest first.
func blocksOf(violations []automation.Violation) []block {
	byResource := map[string][]automation.Violation{}
	for _, v := range violations {
		byResource[v.URN] = append(byResource[v.URN], v)
	}
	var blocks []block
	at := map[string]int{}
	for _, urn := range slices.Sorted(maps.Keys(byResource)) {
		found := byResource[urn]
		slices.SortFunc(found, compare)
		signature := found[0].ResourceType
		for _, v := range found {
			signature += "\n" + strings.Join(
				[]string{v.Pack, v.Policy, v.Title, v.Finding, v.Why, v.Fix, fmt.Sprint(v.Mandatory)},
				"\n",
			)
		}
		i, known := at[signature]
		if !known {
			i = len(blocks)
			at[signature] = i
			blocks = append(blocks, block{resourceType: found[0].ResourceType, violations: found})
		}
		blocks[i].names = append(blocks[i].names, cmp.Or(found[0].ResourceName, urn, "the stack"))
	}
	slices.SortStableFunc(blocks, func(a, b block) int { return compare(a.violations[0], b.violations[0]) })
	return blocks
}

// compare sorts the mandatory before the advisory, then by falling severity, then by name.
func compare(a, b automation.Violation) int {
	return cmp.Or(
		-cmp.Compare(btoi(a.Mandatory), btoi(b.Mandatory)),
		-cmp.Compare(slices.Index(automation.Severities, a.Severity), slices.Index(automation.Severities, b.Severity)),
		strings.Compare(a.Policy, b.Policy),
		strings.Compare(a.Finding, b.Finding),
	)
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

func (b block) lines(width int) []line {
	header := strings.Join(b.names, ", ")
	if len(b.names) > 1 {
		header = fmt.Sprintf("%d resources: %s", len(b.names), header)
	}
	if b.resourceType != "" {
		header = b.resourceType + "  " + header
	}
	lines := append([]line{{}}, wrap(header, "  ", "    ", width, bold)...)
	for i, v := range b.violations {
		if i == 0 || !sameRule(b.violations[i-1], v) {
			lines = append(lines, headLines(v, width)...)
		}
		for text := range strings.Lines(v.Finding) {
			lines = append(lines, wrap(strings.TrimRight(text, "\n"), "      ", "      ", width, plainStyle)...)
		}
		last := i == len(b.violations)-1 || !sameRule(v, b.violations[i+1])
		if last && v.Why != "" {
			lines = append(lines, wrap("Why: "+v.Why, "      ", "           ", width, plainStyle)...)
		}
		if last && v.Fix != "" {
			fix := "Fix: " + strings.Join(strings.Fields(v.Fix), " ")
			lines = append(lines, wrap(fix, "      ", "           ", width, green)...)
		}
	}
	return lines
}

// sameRule reports whether two findings can share their head and their fix.
func sameRule(a, b automation.Violation) bool {
	return a.Pack == b.Pack && a.Policy == b.Policy && a.Title == b.Title && a.Fix == b.Fix &&
		a.Mandatory == b.Mandatory
}

// headLines names the rule.
func headLines(v automation.Violation, width int) []line {
	level, style := "advisory", yellow
	if v.Mandatory {
		level, style = "mandatory", red
	}
	labels := strings.Join(slices.DeleteFunc(append([]string{level, v.Severity}, v.Controls...),
		func(label string) bool { return label == "" }), " ")
	head := fmt.Sprintf("%s  %s (%s)", labels, v.Policy, v.Pack)
	if v.Title != "" {
		head += ": " + v.Title
	}
	return wrap(head, "    ", "      ", width, style)
}

// unjudgedLines tells in a line per rule what could not be judged. In a first preview that is expected, so it is faint.
func unjudgedLines(violations []automation.Violation, width int) []line {
	resources := map[string][]string{}
	all := map[string]bool{}
	for _, v := range violations {
		if v.Unjudged == "" {
			continue
		}
		resources[v.Unjudged] = append(resources[v.Unjudged], cmp.Or(v.ResourceName, v.URN))
		all[v.URN] = true
	}
	if len(resources) == 0 {
		return nil
	}
	lines := append([]line{{}}, wrap(fmt.Sprintf("%s could not judge %s until what they need is known:",
		plural(len(resources), "rule"), plural(len(all), "resource")), "  ", "    ", width, faint)...)
	for _, rule := range slices.Sorted(maps.Keys(resources)) {
		names := resources[rule]
		slices.Sort(names)
		lines = append(
			lines,
			wrap(rule+": "+strings.Join(slices.Compact(names), ", "), "    ", "      ", width, faint)...)
	}
	return lines
}

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// wrap breaks text between words into lines of at most width columns, the first indented by first and the others by
// rest. A word that is longer than a line stays whole, so that it can be copied; width 0 means one line.
func wrap(text, first, rest string, width int, style lipgloss.Style) []line {
	if width == 0 || lipgloss.Width(first+text) <= width {
		return []line{{first + text, style}}
	}
	var lines []line
	current, empty := first, true
	for _, word := range strings.Fields(text) {
		if !empty && lipgloss.Width(current)+1+lipgloss.Width(word) > width {
			lines = append(lines, line{current, style})
			current, empty = rest, true
		}
		if !empty {
			current += " "
		}
		current += word
		empty = false
	}
	return append(lines, line{current, style})
}
