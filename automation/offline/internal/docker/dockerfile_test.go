package docker

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestCheckDockerfile(t *testing.T) {
	cases := map[string]struct {
		text, target, want string
	}{
		"one stage":         {"FROM scratch\nCOPY a /\n", "", ""},
		"argument first":    {"ARG GO=1.26\nFROM golang:${GO}\n", "", ""},
		"comments and case": {"# syntax=docker/dockerfile:1\n\n# what it is\nfrom scratch\n", "", ""},
		"stages": {
			"FROM --platform=$BUILDPLATFORM golang AS build\nRUN go build\nFROM scratch\nCOPY --from=build /a /\n",
			"build",
			"",
		},
		"stage by number":       {"FROM a\nFROM b\n", "1", ""},
		"continued":             {"FROM a\nRUN x \\\n  # why\n  && y \\\n\n  && z\nUSER 1\n", "", ""},
		"continued by backtick": {"# escape=`\nFROM a\nRUN x `\n  y\nRUN c:\\\nUSER 1\n", "", ""},
		"here document": {
			"FROM a\nRUN <<EOF\nnot an instruction\nEOF\nCOPY <<-\"X\" /f\n\ttext\n\tX\nUSER 1\n",
			"",
			"",
		},
		"nothing":              {"# empty\n", "", "it has no FROM, so it builds nothing"},
		"only arguments":       {"ARG A\n", "", "it has no FROM, so it builds nothing"},
		"misspelled":           {"FROM a\n\nRNU x\n", "", "line 3: unknown instruction RNU"},
		"too early":            {"RUN x\nFROM a\n", "", "line 1: RUN comes before the first FROM; only ARG may"},
		"no image":             {"FROM\n", "", "line 1: FROM takes an image, or an image AS a name"},
		"unnamed stage":        {"FROM a AS\n", "", "line 1: FROM takes an image, or an image AS a name"},
		"no such stage":        {"FROM a AS build\n", "test", "it has no stage named test"},
		"no such stage number": {"FROM a\n", "1", "it has no stage named 1"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			err := checkDockerfile([]byte(c.text), c.target)
			if c.want == "" {
				require.NoError(t, err)
				return
			}
			require.EqualError(t, err, c.want)
		})
	}
}

func FuzzCheckDockerfile(f *testing.F) {
	f.Add("FROM scratch\nCOPY a /\n", "")
	f.Add("# escape=`\nFROM a AS b\nRUN <<E\nx\nE\n", "b")
	f.Add("RUN \\", "0")
	f.Fuzz(func(t *testing.T, text, target string) {
		if checkDockerfile([]byte(text), target) == nil {
			require.Regexp(t, `(?i)from`, text, "what is accepted builds something")
		}
	})
}
