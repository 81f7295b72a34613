package aws_test

import (
	"fmt"
	"testing"

	"github.com/awslab/awslab/automation/offline/internal/aws/awstest"
	"github.com/awslab/awslab/automation/offline/internal/aws/token"
)

func BenchmarkCheckAndCreate(b *testing.B) {
	l := awstest.New(b, "us-east-1")
	for i := range b.N {
		l.Create(token.LogGroup, fmt.Sprint(i), awstest.In{"retentionInDays": 30})
	}
}
