package check

import (
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
)

// S3 is what the check of buckets asks.
type S3 interface {
	ListObjectsV2(context.Context, *s3.ListObjectsV2Input, ...func(*s3.Options)) (*s3.ListObjectsV2Output, error)
}

type buckets struct{ client S3 }

// A bucket's ARN has no region and no account, so that the source is always asked about; where it is out of reach, the
// restored bucket needs an object.
func (b buckets) check(ctx context.Context, restored Restored) (Finding, error) {
	objects, exists, err := b.count(ctx, restored.Resource.Resource)
	if err != nil {
		return Finding{}, err
	}
	if !exists {
		return gone("the bucket"), nil
	}
	if objects > 0 {
		return Finding{Facts: []string{"has objects"}}, nil
	}
	if restored.Source.Resource != "" {
		objects, exists, err := b.count(ctx, restored.Source.Resource)
		if err != nil {
			return Finding{}, fmt.Errorf("looking at the source: %w", err)
		}
		if exists && objects == 0 {
			return Finding{Facts: []string{"empty, as is the source"}}, nil
		}
	}
	return Finding{Problems: []string{"it has no object"}}, nil
}

// count counts a bucket's objects up to one.
func (b buckets) count(ctx context.Context, bucket string) (objects int32, exists bool, err error) {
	answer, err := b.client.ListObjectsV2(ctx, &s3.ListObjectsV2Input{Bucket: &bucket, MaxKeys: aws.Int32(1)})
	if missing := new(types.NoSuchBucket); errors.As(err, &missing) {
		return 0, false, nil
	}
	if err != nil {
		return 0, false, fmt.Errorf("listing bucket %s: %w", bucket, err)
	}
	return aws.ToInt32(answer.KeyCount), true, nil
}
