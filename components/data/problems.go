package data

import (
	"errors"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/awslab/awslab/internal/grammar"
	"github.com/awslab/awslab/internal/problem"
)

// problems collects everything that is wrong with arguments, so that one run reports all of it.
type problems []error

// addIf notes what is wrong with a field: its value, what is allowed and what to do.
func (p *problems) addIf(wrong bool, field, format string, values ...any) {
	if wrong {
		*p = append(*p, problem.New(field, format, values...))
	}
}

func (p *problems) between(field string, value, least, most int, unit string) {
	p.addIf(value < least || value > most, field, "%d; use %d to %d%s", value, least, most, unit)
}

// add notes an error that names its field itself. Nil is not a problem.
func (p *problems) add(err error) {
	if err != nil {
		*p = append(*p, err)
	}
}

func (p *problems) missing(field string, value pulumi.Input, what string) {
	p.addIf(value == nil, field, "it is missing; give %s", what)
}

func (p problems) join() error { return errors.Join(p...) }

// checkKey expects a key and its alias together, or neither.
func (p *problems) checkKey(at string, arn pulumi.StringInput, alias string) {
	p.addIf((arn == nil) != (alias == ""), at+"KeyAlias", "give both KmsKeyArn and KeyAlias, or neither")
	p.addIf(
		alias != "" && !grammar.KeyAlias.Match(alias),
		at+"KeyAlias",
		"%q is not an alias; use alias/ and up to 250 letters, digits, / _ -",
		alias,
	)
}

// onceMade returns a value that becomes known only when everything is there that has to be before it is used.
func onceMade(value pulumi.StringOutput, resources ...pulumi.CustomResource) pulumi.StringOutput {
	all := []any{value}
	for _, resource := range resources {
		all = append(all, resource.ID())
	}
	return pulumi.All(all...).ApplyT(func(values []any) string { return values[0].(string) }).(pulumi.StringOutput)
}

func optionalInput(value pulumi.StringInput) pulumi.StringPtrInput {
	if value == nil {
		return nil
	}
	return value.ToStringOutput().ToStringPtrOutput()
}
