package main

import (
	"encoding/json"
	"fmt"
	"runtime/debug"

	"github.com/spf13/cobra"

	"github.com/awslab/awslab/automation/engine"
)

// version is what this executable was built from.
type version struct {
	// Revision is that of Git, with + if files had changed; empty where the build was not told.
	Revision string `json:"revision,omitempty"`
	// Time is when the revision was committed.
	Time string `json:"time,omitempty"`
	Go   string `json:"go"`
	// Pulumi is the version that is built where PATH has no engine.
	Pulumi string `json:"pulumi"`
}

func builtFrom() version {
	v := version{Pulumi: engine.BuildVersion}
	info, known := debug.ReadBuildInfo()
	if !known {
		return v
	}
	v.Go = info.GoVersion
	for _, setting := range info.Settings {
		switch setting.Key {
		case "vcs.revision":
			v.Revision = setting.Value + v.Revision
		case "vcs.time":
			v.Time = setting.Value
		case "vcs.modified":
			if setting.Value == "true" {
				v.Revision += "+"
			}
		}
	}
	return v
}

func (v version) String() string {
	revision := "an unknown revision"
	if v.Revision != "" {
		revision = fmt.Sprintf("revision %s of %s", v.Revision, v.Time)
	}
	return fmt.Sprintf("awslab, %s, built with %s for Pulumi %s", revision, v.Go, v.Pulumi)
}

func (a *app) versionCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Say what awslab was built from",
		Args:  noArguments,
		RunE: func(*cobra.Command, []string) error {
			v := builtFrom()
			if a.json {
				return json.NewEncoder(a.out).Encode(v)
			}
			_, err := fmt.Fprintln(a.out, v)
			return err
		},
	}
}
