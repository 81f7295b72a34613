package ruletest

// Of returns a function that makes resources of a type.
func Of(resourceType string) func(Props) Resource {
	return func(properties Props) Resource {
		return Resource{Type: resourceType, Name: "it", Properties: properties}
	}
}

// Texts returns the five situations of a rule about one text.
func Texts(resource func(Props) Resource, property, good, bad string, absent Want) []Case {
	return append(Values(resource, property, good, bad, absent), Case{
		Situation: Absent,
		Name:      "another type of value",
		Resource:  resource(Props{property: []any{1.0}}),
		Want:      Unevaluated(property),
	})
}

// Switches returns the five situations of a rule about one boolean.
func Switches(resource func(Props) Resource, property string, good bool, absent Want) []Case {
	return append(Values(resource, property, good, !good, absent), Case{
		Situation: Absent,
		Name:      "another type of value",
		Resource:  resource(Props{property: []any{true}}),
		Want:      Unevaluated(property),
	})
}

// Values returns the five situations of a rule about one value of any type.
func Values(resource func(Props) Resource, property string, good, bad any, absent Want) []Case {
	with := func(value any) Resource { return resource(Props{property: value}) }
	return []Case{
		{Situation: Passes, Resource: with(good), Want: Pass},
		{Situation: Fails, Resource: with(bad), Want: Violation(property)},
		{Situation: Unknown, Resource: with(Computed), Want: Unevaluated(property)},
		{Situation: Secret, Resource: with(Secretly(bad)), Want: Violation(property)},
		{Situation: Secret, Name: "and good", Resource: with(Secretly(good)), Want: Pass},
		{Situation: Absent, Resource: resource(Props{}), Want: absent},
	}
}
