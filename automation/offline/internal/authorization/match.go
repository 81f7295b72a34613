package authorization

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// matchAction compares an action with a pattern, without regard to case.
func matchAction(action, with string) bool {
	return wildcards(strings.ToLower(action)).matches(strings.ToLower(with))
}

// matchResource compares the request's resource with one that the statement names. Variables stand behind the fifth
// colon of an ARN only ("IAM policy elements: Variables and tags", IAM user guide).
func (s Statement) matchResource(resource string, r Request) bool {
	if !s.Variables {
		return wildcards(resource).matchesARN(r.Resource)
	}
	parts := strings.SplitN(resource, ":", arnParts)
	if strings.Contains(strings.Join(parts[:len(parts)-1], ":"), "${") {
		return false
	}
	expanded, ok := expand(resource, r.Context)
	return ok && expanded.matchesARN(r.Resource)
}

// patterns are the condition operators that compare one value with a text of the policy, in which variables may stand
// ("IAM JSON policy elements: Condition operators", IAM user guide).
var patterns = map[string]func(wanted pattern, value string) bool{
	"StringEquals": func(wanted pattern, value string) bool { return wanted.String() == value },
	"StringEqualsIgnoreCase": func(wanted pattern, value string) bool {
		return strings.EqualFold(wanted.String(), value)
	},
	"StringLike": pattern.matches,
	"ArnEquals":  pattern.matchesARN,
	"ArnLike":    pattern.matchesARN,
}

// comparisons are those without variables.
var comparisons = map[string]func(wanted, value string) bool{
	"Bool":                     strings.EqualFold,
	"NumericEquals":            numeric(func(wanted, value float64) bool { return value == wanted }),
	"NumericLessThan":          numeric(func(wanted, value float64) bool { return value < wanted }),
	"NumericLessThanEquals":    numeric(func(wanted, value float64) bool { return value <= wanted }),
	"NumericGreaterThan":       numeric(func(wanted, value float64) bool { return value > wanted }),
	"NumericGreaterThanEquals": numeric(func(wanted, value float64) bool { return value >= wanted }),
}

// negations are the operators that hold where another does not.
var negations = map[string]string{
	"StringNotEquals":           "StringEquals",
	"StringNotEqualsIgnoreCase": "StringEqualsIgnoreCase",
	"StringNotLike":             "StringLike",
	"ArnNotEquals":              "ArnEquals",
	"ArnNotLike":                "ArnLike",
	"NumericNotEquals":          "NumericEquals",
}

func numeric(compare func(wanted, value float64) bool) func(wanted, value string) bool {
	return func(wanted, value string) bool {
		w, err := strconv.ParseFloat(wanted, 64)
		if err != nil {
			return false
		}
		v, err := strconv.ParseFloat(value, 64)
		return err == nil && compare(w, v)
	}
}

// holds reports whether the condition holds for the keys of a request, with or without policy variables. It fails for
// an operator that it does not know.
func (c Condition) holds(context map[string][]string, variables bool) (bool, error) {
	operator, values := c.Operator, valuesOf(context, c.Key)
	if operator == "Null" {
		return slices.Contains(c.Values, strconv.FormatBool(len(values) == 0)), nil
	}
	set, rest, isSet := strings.Cut(operator, ":")
	if isSet {
		operator = rest
	}
	operator, ifExists := strings.CutSuffix(operator, "IfExists")
	negated := false
	if positive, ok := negations[operator]; ok {
		operator, negated = positive, true
	}
	compare := comparison(operator, context, variables)
	if compare == nil || isSet && set != "ForAllValues" && set != "ForAnyValue" {
		return false, fmt.Errorf("the condition operator %s is not one of those that are known", c.Operator)
	}
	one := func(value string) bool {
		return negated != slices.ContainsFunc(c.Values, func(wanted string) bool { return compare(wanted, value) })
	}
	switch {
	case set == "ForAllValues" && isSet:
		return !slices.ContainsFunc(values, func(v string) bool { return !one(v) }), nil
	case len(values) == 0:
		return ifExists || negated && !isSet, nil
	}
	return slices.ContainsFunc(values, one), nil
}

// comparison returns how an operator compares, or nil if it is not known.
func comparison(operator string, context map[string][]string, variables bool) func(wanted, value string) bool {
	matches, known := patterns[operator]
	switch {
	case !known:
		return comparisons[operator]
	case !variables:
		return func(wanted, value string) bool { return matches(wildcards(wanted), value) }
	}
	return func(wanted, value string) bool {
		expanded, ok := expand(wanted, context)
		return ok && matches(expanded, value)
	}
}
