package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/charmbracelet/x/ansi"
	"github.com/spf13/cobra"

	"github.com/awslab/awslab/automation"
)

func (a *app) outputsCommand() *cobra.Command {
	var showSecrets, shell bool
	cmd := a.onStack(&cobra.Command{
		Use:   "outputs [NAME]",
		Short: "Print the stack's outputs, or the bare value of one, such as url or endpoints.orders",
	})
	cmd.Args = func(_ *cobra.Command, args []string) error {
		if len(args) > 1 {
			return &usageError{fmt.Errorf("outputs %q: give one name, or none for all", args)}
		}
		return nil
	}
	cmd.Flags().BoolVar(&showSecrets, "show-secrets", false, "print secret values instead of [secret]")
	cmd.Flags().BoolVar(&shell, "shell", false, "print assignments for a POSIX shell")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if shell && (a.json || len(args) > 0) {
			return &usageError{errors.New("--shell prints all outputs; leave out --json and the name")}
		}
		lab, err := a.open(cmd.Context(), "outputs", newPlainView(a.err, "", &a.findings))
		if err != nil {
			return err
		}
		outputs, err := lab.Outputs(cmd.Context())
		if err != nil {
			return err
		}
		if showSecrets {
			for name, output := range outputs {
				outputs[name] = automation.Output{Value: output.Value}
			}
		}
		switch {
		case len(args) == 1:
			return printOutput(a.out, outputs, args[0], a.json)
		case shell:
			return printAssignments(a.out, outputs)
		case a.json:
			return json.NewEncoder(a.out).Encode(outputs)
		}
		return printOutputs(a.out, outputs)
	}
	return cmd
}

// addresses are the outputs that say where a person or a program reaches what was deployed.
var addresses = []string{"url", "websiteUrl", "endpoints", "dashboard"}

// printAddresses ends an up: where to go, and what to do next.
func (a *app) printAddresses(lab *automation.Lab, outputs automation.Outputs) error {
	shown := automation.Outputs{}
	for _, name := range addresses {
		if output, has := outputs[name]; has {
			shown[name] = output
		}
	}
	if err := printOutputs(a.out, shown); err != nil {
		return err
	}
	on := automation.Flags(lab.Stack(), lab.Target())
	if lab.Target() == automation.Offline {
		fmt.Fprintln(a.err, "awslab: nothing answers at these addresses, which are the offline target's")
	}
	_, err := fmt.Fprintf(a.err, "awslab: next: awslab outputs%s prints the other outputs, awslab destroy%s deletes "+
		"what was created\n", on, on)
	return err
}

// internalOutput is the one in which the program records what its next run has to know.
const internalOutput = "permanent"

// printOutput prints one output, or a part of one by the path that [printOutputs] prints: a text as it is, all else and
// with asJSON everything as JSON.
func printOutput(w io.Writer, outputs automation.Outputs, path string, asJSON bool) error {
	name, rest, _ := strings.Cut(path, ".")
	output, known := outputs[name]
	if len(outputs) == 0 {
		return &usageError{errors.New("the stack has no outputs; bring it up first")}
	}
	if !known {
		return &usageError{fmt.Errorf(
			"the stack has no output %q; it has %s", name, strings.Join(slices.Sorted(maps.Keys(outputs)), ", "),
		)}
	}
	var value any = output
	if !output.Secret {
		if value, known = at(output.Value, rest); !known {
			return &usageError{fmt.Errorf("output %s has no %q in it; awslab outputs shows what it has", name, rest)}
		}
	}
	if text, isText := value.(string); isText && !asJSON {
		_, err := fmt.Fprintln(w, text)
		return err
	}
	return json.NewEncoder(w).Encode(value)
}

// at returns the value at a path of keys, which may have dots in them.
func at(value any, path string) (any, bool) {
	if path == "" {
		return value, true
	}
	object, _ := value.(map[string]any)
	if inner, there := object[path]; there {
		return inner, true
	}
	key, rest, _ := strings.Cut(path, ".")
	inner, there := object[key]
	if !there {
		return nil, false
	}
	return at(inner, rest)
}

// printOutputs prints a line for each output but the program's own, and for objects and lists of them one for each of
// their entries.
func printOutputs(w io.Writer, outputs automation.Outputs) error {
	rows, err := rowsOf(outputs)
	if err != nil {
		return err
	}
	width := 0
	for _, row := range rows {
		width = max(width, ansi.StringWidth(row[0]))
	}
	for _, row := range rows {
		padding := strings.Repeat(" ", width-ansi.StringWidth(row[0]))
		if _, err := fmt.Fprintf(w, "%s%s  %s\n", row[0], padding, row[1]); err != nil {
			return fmt.Errorf("printing output %s: %w", row[0], err)
		}
	}
	return nil
}

// notInNames matches what a variable's name cannot have in a shell.
var notInNames = regexp.MustCompile(`[^A-Za-z0-9_]+`)

// printAssignments prints the outputs as variables of a shell: endpoints.orders is endpoints_orders. Secrets are left
// out, whose placeholder a script would take for the value.
func printAssignments(w io.Writer, outputs automation.Outputs) error {
	outputs = maps.Clone(outputs)
	maps.DeleteFunc(outputs, func(_ string, o automation.Output) bool { return o.Secret })
	rows, err := rowsOf(outputs)
	if err != nil {
		return err
	}
	for _, row := range rows {
		fmt.Fprintf(w, "%s=%s\n", strings.Trim(notInNames.ReplaceAllString(row[0], "_"), "_"), quote(row[1]))
	}
	return nil
}

// rowsOf returns names and texts of the outputs but the program's own, sorted.
func rowsOf(outputs automation.Outputs) ([][2]string, error) {
	var rows [][2]string
	for _, name := range slices.Sorted(maps.Keys(outputs)) {
		output := outputs[name]
		if name == internalOutput {
			continue
		}
		if output.Secret {
			text, err := json.Marshal(output)
			if err != nil {
				return nil, fmt.Errorf("printing output %s: %w", name, err)
			}
			rows = append(rows, [2]string{name, string(text)})
			continue
		}
		entries, err := flatten(name, output.Value)
		if err != nil {
			return nil, fmt.Errorf("printing output %s: %w", name, err)
		}
		rows = append(rows, entries...)
	}
	return rows, nil
}

// flatten returns names and texts. A list of plain values is one text.
func flatten(name string, value any) ([][2]string, error) {
	var rows [][2]string
	switch v := value.(type) {
	case string:
		return [][2]string{{name, v}}, nil
	case map[string]any:
		for _, key := range slices.Sorted(maps.Keys(v)) {
			entries, err := flatten(name+"."+key, v[key])
			if err != nil {
				return nil, err
			}
			rows = append(rows, entries...)
		}
		return rows, nil
	case []any:
		if len(v) == 0 {
			break
		}
		if _, objects := v[0].(map[string]any); !objects {
			break
		}
		for i, element := range v {
			text, err := json.Marshal(element)
			if err != nil {
				return nil, err
			}
			rows = append(rows, [2]string{fmt.Sprintf("%s[%d]", name, i), string(text)})
		}
		return rows, nil
	}
	text, err := json.Marshal(value)
	return [][2]string{{name, string(text)}}, err
}

// quote makes a value safe for a POSIX shell.
func quote(value string) string { return "'" + strings.ReplaceAll(value, "'", `'\''`) + "'" }
