package main

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/charmbracelet/lipgloss"

	"github.com/awslab/awslab/automation"
)

// namedChanges is how many resources of one kind of change are named; more are counted.
const namedChanges = 10

// changeKind is a kind of change: the engine's word for it, ours, and how it is painted.
type changeKind struct {
	op, word string
	style    lipgloss.Style
}

// changeKinds are the kinds of changes in the order in which they are shown, what is lost first.
var changeKinds = []changeKind{
	{"delete", "delete", red},
	{"replace", "replace", red},
	{"update", "update", yellow},
	{"create", "create", green},
	{"", "other", plainStyle},
}

// changeLines returns what an operation would do in a few lines, wrapped at width columns; 0 means not at all.
func changeLines(would automation.Result, width int) []line {
	byKind := map[string][]automation.Step{}
	for _, step := range would.Steps {
		kind := step.Op
		if !slices.ContainsFunc(changeKinds, func(k changeKind) bool { return k.op == kind }) {
			kind = ""
		}
		byKind[kind] = append(byKind[kind], step)
	}
	lines := []line{{}}
	for _, kind := range changeKinds {
		if steps := byKind[kind.op]; len(steps) > 0 {
			first := fmt.Sprintf("  %s %-8s%4d  ", cmp.Or(symbols[kind.op], " "), kind.word, len(steps))
			lines = append(lines, wrap(describeSteps(steps), first, strings.Repeat(" ", 18), width, kind.style)...)
		}
	}
	return append(append(lines, consequences(would, width)...), line{})
}

// consequences name what cannot be undone: data that is lost, what stays, what is protected or permanent afterwards.
func consequences(would automation.Result, width int) []line {
	var lost, stay, protected, permanent []string
	for _, step := range would.Steps {
		deleted := step.Op == "delete" || step.Op == "replace"
		switch {
		case deleted && step.Retained:
			stay = append(stay, step.Name)
		case deleted && step.Data:
			lost = append(lost, step.Name)
		}
		if step.Protected && (step.Op == "create" || step.Op == "replace") {
			protected = append(protected, step.Name)
		}
	}
	for _, key := range slices.Sorted(maps.Keys(would.Permanent)) {
		permanent = append(permanent, key+" "+would.Permanent[key])
	}
	var lines []line
	for _, group := range []struct {
		title string
		names []string
		style lipgloss.Style
	}{
		{"deleted with the data in it", lost, red.Bold(true)},
		{"left on AWS", stay, yellow},
		{"protected against deletion from then on", protected, yellow},
		{"settings that cannot change from then on", permanent, yellow},
	} {
		if len(group.names) > 0 {
			slices.Sort(group.names)
			text := group.title + ": " + strings.Join(group.names, ", ")
			lines = append(lines, wrap(text, "  ", "    ", width, group.style)...)
		}
	}
	if len(lines) > 0 {
		lines = append([]line{{}}, lines...)
	}
	return lines
}

// describeSteps names the resources of a few steps, and counts those of many by the AWS service.
func describeSteps(steps []automation.Step) string {
	if len(steps) > namedChanges {
		return countByService(steps)
	}
	var types []string
	names := map[string][]string{}
	for _, step := range steps {
		if !slices.Contains(types, step.Type) {
			types = append(types, step.Type)
		}
		name := step.Name
		if len(step.Replacing) > 0 {
			name += " (" + strings.Join(step.Replacing, ", ") + ")"
		}
		names[step.Type] = append(names[step.Type], name)
	}
	for i, typ := range types {
		types[i] = shortType(typ) + " " + strings.Join(names[typ], ", ")
	}
	return strings.Join(types, "; ")
}

func countByService(steps []automation.Step) string {
	counts := map[string]int{}
	for _, step := range steps {
		counts[serviceOf(step.Type)]++
	}
	services := slices.SortedFunc(maps.Keys(counts), func(a, b string) int {
		return cmp.Or(cmp.Compare(counts[b], counts[a]), strings.Compare(a, b))
	})
	for i, service := range services {
		services[i] = fmt.Sprintf("%s %d", service, counts[service])
	}
	return strings.Join(services, ", ")
}

// serviceOf returns the AWS service of a type: ec2 of aws:ec2/subnet:Subnet. Components and providers
// exist in the state alone.
func serviceOf(typ string) string {
	provider, rest, _ := strings.Cut(typ, ":")
	switch {
	case provider == "aws":
		service, _, _ := strings.Cut(rest, "/")
		return service
	case provider == "docker":
		return "images"
	default:
		return "in the state alone"
	}
}

// shortType returns a type as people call it: ec2 Subnet of aws:ec2/subnet:Subnet.
func shortType(typ string) string {
	return serviceOf(typ) + " " + typ[strings.LastIndex(typ, ":")+1:]
}
