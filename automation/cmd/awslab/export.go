package main

import (
	"encoding/json"

	"github.com/awslab/awslab/automation"
	"github.com/spf13/cobra"
)

func (a *app) exportCommand() *cobra.Command {
	var options automation.ExportOptions
	cmd := a.onStack(&cobra.Command{Use: "export", Short: "Print the stack's state as JSON, secrets encrypted"})
	cmd.Flags().BoolVar(&options.ShowSecrets, "show-secrets", false, "print secret values in clear text")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		lab, err := a.open(cmd.Context(), "export", newPlainView(a.err, "", &a.findings))
		if err != nil {
			return err
		}
		deployment, err := lab.Export(cmd.Context(), options)
		if err != nil {
			return err
		}
		encoder := json.NewEncoder(a.out)
		if !a.json {
			encoder.SetIndent("", "  ")
		}
		return encoder.Encode(deployment)
	}
	return cmd
}
