package stack

import (
	"path/filepath"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/awslab/awslab/components/images"
)

func (l *lab) containerImages() error {
	if l.config.Images.Replicate {
		if _, err := images.NewReplication(l.Context, "images", &images.ReplicationArgs{
			Place: l.place, Prefix: l.name(""), Region: l.config.CopyRegion,
		}, l.providers.all); err != nil {
			return err
		}
	}
	l.images = map[string]pulumi.StringInput{}
	for _, s := range l.config.Services {
		if s.Image.URI != "" {
			l.images[s.Name] = pulumi.String(s.Image.URI)
			continue
		}
		image, err := l.newImage(s.Name, s.Image, s.Architecture, "")
		if err != nil {
			return err
		}
		l.images[s.Name] = image
	}
	return nil
}

// newImage builds an image; functionArn is that of the Lambda function that runs it, if one does.
func (l *lab) newImage(name string, i Image, architecture, functionArn string) (pulumi.StringInput, error) {
	image, err := images.NewImage(l.Context, name, &images.ImageArgs{
		Repository:   l.name(name),
		Context:      filepath.Join(l.root, i.Context),
		ProgramDir:   filepath.Join(l.root, programDir),
		Dockerfile:   i.Dockerfile,
		Target:       i.Target,
		Args:         i.Args,
		Architecture: architecture,
		Keep:         l.config.Images.Keep,
		ForceDelete:  l.config.Images.ForceDelete,
		KmsKeyArn:    l.keys.data.Arn,
		FunctionArn:  functionArn,
		Tags:         l.tags,
	}, l.providers.all)
	if err != nil {
		return nil, err
	}
	return image.Ref, nil
}
