package stack

import (
	"fmt"
	"os"
	"path/filepath"
)

// maxTargetGroupName is what AWS allows (Elastic Load Balancing API, CreateTargetGroup). Of all the names that project,
// stack and service become part of, a target group's has the least room.
const maxTargetGroupName = 32

// CheckPlace judges the configuration by where it is used: whether the names that project and stack lead to fit, and
// whether there is something to build below root, the folder of Pulumi.yaml. Its errors are *ConfigError.
func (c *Config) CheckPlace(project, stack, root string) error {
	d := &decoder{}
	for i, s := range c.Services {
		path := fmt.Sprintf("%s:services[%d]", project, i)
		if name := project + "-" + stack + "-" + s.Name; len(name) > maxTargetGroupName {
			d.add(path+".name", "a target group named %q is %d characters long, and AWS allows %d; shorten the name of the stack or of the service",
				name, len(name), maxTargetGroupName)
		}
		if s.Image.Context != "" {
			d.buildContext(path+".image", s.Image, root)
		}
	}
	if len(d.problems) > 0 {
		return &ConfigError{Problems: d.problems}
	}
	return nil
}

func (d *decoder) buildContext(path string, image Image, root string) {
	info, err := os.Stat(filepath.Join(root, image.Context))
	if err != nil || !info.IsDir() || !filepath.IsLocal(image.Context) {
		d.add(path+".context", "there is no folder %q below the one of Pulumi.yaml", image.Context)
		return
	}
	file := filepath.Join(image.Context, image.Dockerfile)
	if info, err := os.Stat(filepath.Join(root, file)); err != nil || info.IsDir() {
		d.add(path+".dockerfile", "there is no file %q", file)
	}
}
