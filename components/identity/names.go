package identity

import (
	"github.com/awslab/awslab/internal/grammar"
	"github.com/awslab/awslab/internal/problem"
)

func checkName(at string, kind grammar.Grammar, name string) error {
	if kind.Match(name) {
		return nil
	}
	return problem.New(at, "%q is no name of %s; it must match %s", name, kind.Noun(), kind)
}

func checkKeyAlias(at, alias string) error {
	if alias == "" {
		return nil
	}
	return checkName(at+".KeyAlias", grammar.KeyAlias, alias)
}
