package automation

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestAProgramThatPanicsIsAnErrorThatSaysWhere(t *testing.T) {
	err := onStackOfItsOwn(func() error { panic("no zone") })
	require.ErrorContains(t, err, "the program panicked: no zone")
	require.ErrorContains(t, err, "program_test.go")

	refused := errors.New("refused")
	require.Equal(t, refused, onStackOfItsOwn(func() error { return refused }))
}
