package main

import (
	"encoding/json"
	"fmt"

	"github.com/awslab/awslab/automation/engine"
	"github.com/spf13/cobra"
)

func (a *app) engineCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "engine",
		Short: "Find the Pulumi engine, building it where there is none, and print its path",
		Args:  noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			view := a.openView("")
			defer a.closeView()
			found, err := engine.Find(cmd.Context(), "", view.engine)
			a.closeView()
			if err != nil {
				return err
			}
			if a.json {
				return json.NewEncoder(a.out).Encode(map[string]string{
					"path": found.Path, "version": found.Version.String(),
				})
			}
			fmt.Fprintln(a.out, found.Path)
			return nil
		},
	}
}
