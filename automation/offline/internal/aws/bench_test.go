package aws

import (
	"fmt"
	"testing"
)

func BenchmarkCheckAndCreate(b *testing.B) {
	l := newLab(b, "us-east-1")
	for i := range b.N {
		l.create(tLogGroup, fmt.Sprint(i), in{"retentionInDays": 30})
	}
}
