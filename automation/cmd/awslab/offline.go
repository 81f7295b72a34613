package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/awslab/awslab/automation"
	"github.com/spf13/cobra"
)

func (a *app) offlineCommand() *cobra.Command {
	parent := &cobra.Command{Use: "offline", Short: "Work with the offline target"}
	env := &cobra.Command{
		Use:   "env",
		Short: "Print shell commands that point the stock pulumi command at the offline target",
		Args:  noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			project, err := a.projectDir()
			if err != nil {
				return err
			}
			view := newPlainView(a.err, "", &a.findings)
			environment, path, err := automation.OfflineEnvironment(cmd.Context(),
				automation.Options{ProjectDir: project, EngineProgress: view.engine})
			if err != nil {
				return err
			}
			if a.json {
				environment["PATH"] = path + string(filepath.ListSeparator) + os.Getenv("PATH")
				return json.NewEncoder(a.out).Encode(environment)
			}
			for _, name := range slices.Sorted(maps.Keys(environment)) {
				fmt.Fprintf(a.out, "export %s=%s\n", name, quote(environment[name]))
			}
			fmt.Fprintf(a.out, "export PATH=%s:\"$PATH\"\n", quote(path))
			fmt.Fprintln(
				a.err,
				"awslab: pulumi in this shell now acts on the offline target; the encryptionsalt that it adds to "+
					"Pulumi.<stack>.yaml belongs to this target, so do not commit it",
			)
			return nil
		},
	}
	list := &cobra.Command{
		Use:   "list",
		Short: "List what exists in the offline target's world",
		Args:  noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			project, err := a.projectDir()
			if err != nil {
				return err
			}
			things, err := automation.OfflineWorld(cmd.Context(), automation.Options{ProjectDir: project})
			if err != nil {
				return err
			}
			encoder := json.NewEncoder(a.out)
			for _, thing := range things {
				if a.json {
					if err := encoder.Encode(thing); err != nil {
						return err
					}
					continue
				}
				fmt.Fprintf(a.out, "%-14s %-50s %s\n", thing.Region, thing.Type, thing.ID)
			}
			fmt.Fprintf(a.err, "awslab: %d things exist in the offline target's world\n", len(things))
			return nil
		},
	}
	parent.AddCommand(env, list, a.auditCommand(), a.faultCommand())
	return parent
}

func (a *app) auditCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "audit",
		Short: "List calls that IAM denies in the offline target's world, and permissions that no call needs",
		Args:  noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			project, err := a.projectDir()
			if err != nil {
				return err
			}
			audit, err := automation.OfflineAudit(cmd.Context(), automation.Options{ProjectDir: project})
			if err != nil {
				return err
			}
			if a.json {
				return json.NewEncoder(a.out).Encode(audit)
			}
			for _, denied := range audit.Denied {
				fmt.Fprintln(a.out, "denied:", denied)
			}
			for _, unused := range audit.Unused {
				fmt.Fprintln(a.out, "unused:", unused)
			}
			fmt.Fprintf(a.err, "awslab: %d calls are denied, %d permissions are unused\n",
				len(audit.Denied), len(audit.Unused))
			return nil
		},
	}
}

func (a *app) faultCommand() *cobra.Command {
	fault := automation.TaskFault{}
	cmd := &cobra.Command{
		Use:   "fault",
		Short: "Make the next deployment of a service fail on the offline target",
		Long: `The next up that deploys the service simulates what ECS does: with --fails

  unhealthy  the health checks of the new tasks fail
  exit       their containers exit with code 1
  alarm      an alarm of rollbackErrors or rollbackAlarms goes off in the bake time
  before     a task in before exits with code 1`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			project, err := a.projectDir()
			if err != nil {
				return err
			}
			options := automation.Options{ProjectDir: project, Stack: a.stack}
			if err := automation.OfflineFault(cmd.Context(), options, fault); err != nil {
				return err
			}
			fmt.Fprintf(a.err, "awslab: the next %d deployments of %s fail (%s), simulated on the offline target\n",
				fault.Times, fault.Service, fault.Kind)
			return nil
		},
	}
	cmd.Flags().StringVarP(&a.stack, "stack", "s", "", "the stack of the service (required)")
	cmd.Flags().StringVar(&fault.Service, "service", "", "the service whose deployment fails (required)")
	cmd.Flags().StringVar(
		&fault.Kind,
		"fails",
		"",
		"how it fails: "+strings.Join(automation.TaskFaults, ", ")+" (required)",
	)
	cmd.Flags().StringVar(&fault.Log, "log", "", "what the failing container logs")
	cmd.Flags().IntVar(&fault.Times, "times", 1, "how many deployments fail")
	completeFlag(cmd, "fails", func() []string { return automation.TaskFaults })
	return cmd
}
