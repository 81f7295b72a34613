package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
)

// exitMeanings are what each exit code says.
var exitMeanings = map[int]string{
	0:             "success",
	exitFailed:    "the operation failed",
	exitInput:     "wrong arguments, configuration, credentials or Docker engine; nothing was done",
	exitPolicy:    "refused by a mandatory policy",
	exitLocked:    "another operation on the stack is under way, or was killed",
	exitEngine:    "there is no Pulumi engine and none could be built",
	exitDrift:     "something differs from the state",
	exitCancelled: "cancelled",
	exitUnread:    "nobody read the output any more: a closed pipe",
}

// manual completes the help of a command: an example, and the exit codes that it can end with besides 0 and 2.
type manual struct {
	example string
	codes   []int
}

var manuals = map[string]manual{
	"awslab": {"awslab up --stack dev", nil},
	"awslab preview": {
		"awslab preview --stack prod --sarif findings.sarif\nawslab preview --stack prod --diff --save-plan plan.json",
		operationCodes,
	},
	"awslab up": {
		"awslab up --stack dev\nawslab up --stack prod --target aws --yes\nawslab up --stack prod --plan plan.json",
		operationCodes,
	},
	"awslab refresh": {"awslab refresh --stack dev", changeCodes},
	"awslab destroy": {"awslab destroy --stack dev --remove", changeCodes},
	"awslab recover": {
		"awslab recover --stack dev\nawslab recover --stack prod --target aws --id website-access=E74FTE3EXAMPLE",
		changeCodes,
	},
	"awslab cost": {"awslab cost --stack prod", readCodes},
	"awslab outputs": {
		"awslab outputs --stack dev --json\ncurl \"$(awslab outputs --stack dev url)\"\n" +
			"eval \"$(awslab outputs --stack dev --shell)\"",
		readCodes,
	},
	"awslab export":          {"awslab export --stack dev > dev.json", readCodes},
	"awslab import":          {"awslab import --stack dev --file dev.json", append(readCodes, exitLocked)},
	"awslab stacks":          {"awslab stacks --json", readCodes},
	"awslab cancel":          {"awslab cancel --stack dev", readCodes},
	"awslab config":          {"awslab config show --stack prod", nil},
	"awslab config show":     {"awslab config show --stack prod\nawslab config show --stack prod network", nil},
	"awslab config validate": {"awslab config validate --stack prod", nil},
	"awslab images":          {"awslab images test --stack dev", nil},
	"awslab images build": {
		"awslab images build --stack dev --service catalog --platform linux/arm64", []int{exitFailed, exitCancelled},
	},
	"awslab images test":    {"awslab images test --stack dev --json", []int{exitFailed, exitCancelled}},
	"awslab policy":         {"awslab policy list", nil},
	"awslab policy explain": {"awslab policy explain rds-multi-az", []int{exitFailed, exitCancelled}},
	"awslab drift": {
		"awslab drift --stack prod --target aws --diff", append(readCodes, exitLocked, exitDrift),
	},
	"awslab history": {"awslab history --stack dev --limit 20", readCodes},
	"awslab version": {"awslab version --json", nil},
	"awslab policy list": {
		"awslab policy list --stack prod", []int{exitFailed, exitCancelled},
	},
	"awslab offline":       {"awslab offline list", nil},
	"awslab offline list":  {"awslab offline list --json", []int{exitFailed}},
	"awslab offline audit": {"awslab offline audit", []int{exitFailed}},
	"awslab offline fault": {
		"awslab offline fault --stack dev --service catalog --fails unhealthy", []int{exitFailed},
	},
	"awslab offline env": {
		`eval "$(awslab offline env)" && pulumi preview --stack dev`, readCodes,
	},
	"awslab engine": {"awslab engine", []int{exitFailed, exitEngine, exitCancelled}},
}

var (
	operationCodes = []int{exitFailed, exitPolicy, exitLocked, exitEngine, exitCancelled}
	changeCodes    = []int{exitFailed, exitLocked, exitEngine, exitCancelled}
	readCodes      = []int{exitFailed, exitEngine, exitCancelled}
)

// complete gives every command its example and exit codes, and has a group of commands refuse what is none of them.
func complete(cmd *cobra.Command) {
	if m, known := manuals[cmd.CommandPath()]; known {
		cmd.Example = "  " + strings.ReplaceAll(m.example, "\n", "\n  ")
		if cmd.Long == "" {
			cmd.Long = cmd.Short + "."
		}
		if cmd.Runnable() {
			cmd.Long += "\n\nExit codes:" + exitTable(append([]int{0, exitInput}, m.codes...)...)
		}
	}
	if cmd.ValidArgsFunction == nil {
		cmd.ValidArgsFunction = cobra.NoFileCompletions
	}
	for _, child := range cmd.Commands() {
		complete(child)
	}
	if !cmd.HasSubCommands() || cmd.HasParent() && cmd.Runnable() {
		return
	}
	// Cobra takes a wrong sub-command for an argument and prints help; a script needs an error.
	cmd.Args = cobra.ArbitraryArgs
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if len(args) == 0 {
			return cmd.Help()
		}
		return unknownCommand(cmd, args[0])
	}
}

// refuseUnknownHelp has help, the command and the flag, refuse a command that is unknown, for which Cobra prints the
// help of its parent.
func (a *app) refuseUnknownHelp(root *cobra.Command) {
	root.InitDefaultHelpCmd()
	show := root.HelpFunc()
	root.SetHelpFunc(func(cmd *cobra.Command, args []string) {
		if name := cmd.Flags().Arg(0); cmd.HasSubCommands() && name != "" {
			a.misused = unknownCommand(cmd, name)
			return
		}
		show(cmd, args)
	})
	help, _, _ := root.Find([]string{"help"})
	run := help.Run
	help.RunE = func(cmd *cobra.Command, args []string) error {
		if found, rest, err := root.Find(args); err == nil && found.HasSubCommands() && len(rest) > 0 {
			return unknownCommand(found, rest[0])
		}
		run(cmd, args)
		return nil
	}
}

// completeFlag has the shell complete the values of a flag, and not the names of files.
func completeFlag(cmd *cobra.Command, flag string, values func() []string) {
	err := cmd.RegisterFlagCompletionFunc(flag,
		func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			return values(), cobra.ShellCompDirectiveNoFileComp
		})
	if err != nil {
		panic(err) // there is no such flag
	}
}

func exitTable(codes ...int) string {
	var text strings.Builder
	for _, code := range slices.Sorted(slices.Values(codes)) {
		fmt.Fprintf(&text, "\n  %-4d %s", code, exitMeanings[code])
	}
	return text.String()
}

func noArguments(cmd *cobra.Command, args []string) error {
	if len(args) > 0 {
		return &usageError{fmt.Errorf("unexpected argument %q; see: %s --help", args[0], cmd.CommandPath())}
	}
	return nil
}

func unknownCommand(parent *cobra.Command, name string) error {
	parent.SuggestionsMinimumDistance = 2 // letters to change
	hint := "known are " + strings.Join(names(parent), ", ") + "."
	if near := parent.SuggestionsFor(name); len(near) > 0 {
		hint = fmt.Sprintf("did you mean %q?", near[0])
	}
	return &usageError{fmt.Errorf("unknown command %q; %s See: %s --help", name, hint, parent.CommandPath())}
}
