package check

import (
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/smithy-go"
)

// EC2 is what the check of volumes asks.
type EC2 interface {
	DescribeVolumes(
		context.Context,
		*ec2.DescribeVolumesInput,
		...func(*ec2.Options),
	) (*ec2.DescribeVolumesOutput, error)
}

type volumes struct{ client EC2 }

func (v volumes) check(ctx context.Context, restored Restored) (Finding, error) {
	id, err := name(restored.Resource, "volume")
	if err != nil {
		return Finding{}, err
	}
	answer, err := v.client.DescribeVolumes(ctx, &ec2.DescribeVolumesInput{VolumeIds: []string{id}})
	// The SDK has no types for the errors of EC2.
	if failure := smithy.APIError(nil); errors.As(err, &failure) && failure.ErrorCode() == "InvalidVolume.NotFound" ||
		err == nil && len(answer.Volumes) == 0 {
		return gone("the volume"), nil
	}
	if err != nil {
		return Finding{}, fmt.Errorf("describing volume %s: %w", id, err)
	}
	found := answer.Volumes[0]
	var f Finding
	f.checkStatus(
		string(found.State),
		[]string{string(types.VolumeStateAvailable), string(types.VolumeStateInUse)},
		func(state string) bool {
			return state != string(types.VolumeStateCreating)
		},
	)
	f.require(aws.ToBool(found.Encrypted), "it is not encrypted")
	f.require(aws.ToInt32(found.Size) > 0, "it has no size")
	f.require(aws.ToString(found.SnapshotId) != "", "it was not made of a snapshot")
	f.fact("%d GiB", aws.ToInt32(found.Size))
	return f, nil
}
