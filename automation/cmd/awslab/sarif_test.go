package main

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/awslab/awslab/automation"
	"github.com/stretchr/testify/require"
)

func TestSARIFRules(t *testing.T) {
	for name, test := range map[string]struct {
		file      string
		json      bool
		operation automation.Operation
		want      string
	}{
		"no file":                      {"", true, automation.OperationUp, ""},
		"standard output of a preview": {"-", false, automation.OperationPreview, ""},
		"standard output with --json":  {"-", true, automation.OperationPreview, "standard output is taken"},
		"standard output of an up":     {"-", false, automation.OperationUp, "standard output is taken"},
		"a folder that is not there":   {"/nowhere/x.sarif", false, automation.OperationUp, "/nowhere: no such file"},
	} {
		t.Run(name, func(t *testing.T) {
			err := (&app{sarif: test.file, json: test.json}).checkSARIF(test.operation)
			if test.want == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorContains(t, err, test.want)
			require.Equal(t, exitInput, exitCode(t.Context(), err))
		})
	}
}

func TestSARIFIsPrivate(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.sarif")
	require.NoError(t, os.WriteFile(path, []byte("older"), 0o644))
	var out bytes.Buffer
	result := &automation.Result{Stack: "dev", Violations: []automation.Violation{found("rule", "a")}}
	require.NoError(t, (&app{sarif: path, out: &out}).writeSARIF(result))
	info, err := os.Stat(path)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
	require.Empty(t, out.String())
	require.NoError(t, (&app{sarif: "-", out: &out}).writeSARIF(result))
	require.Contains(t, out.String(), `"baseline/rule"`)
}
