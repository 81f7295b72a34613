package problem

import (
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestAllFindsWhatWasJoinedAndWrapped(t *testing.T) {
	zone := New("Zones[0]", "%q is not a zone; use one such as eu-west-1a", "a")
	err := fmt.Errorf("network %q: %w", "lab", errors.Join(New("Cidr", "is missing"), errors.Join(zone, nil)))
	require.Equal(
		t,
		[]Problem{{"Cidr", "is missing"}, {"Zones[0]", `"a" is not a zone; use one such as eu-west-1a`}},
		All(err),
	)
	require.EqualError(
		t,
		err,
		"network \"lab\": Cidr: is missing\nZones[0]: \"a\" is not a zone; use one such as eu-west-1a",
	)
	require.Empty(t, All(nil))
	require.Equal(t, []Problem{{"", "something else"}}, All(errors.New("something else")))
}

func TestInMovesProblemsBelowAPath(t *testing.T) {
	require.Equal(t, []Problem{{"Access.Cidr", "is missing"}}, All(In("Access", New("Cidr", "is missing"))))
	require.NoError(t, In("Access", nil))
}
