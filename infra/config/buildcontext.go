package config

import (
	"fmt"
	"os"
	"path/filepath"
)

// CheckBuildContexts reports services for which there is nothing to build below root, the folder of Pulumi.yaml. Its
// error is a *Error.
func (c *Config) CheckBuildContexts(project, root string) error {
	d := &decoder{}
	for i, s := range c.Services {
		if s.Image.Context != "" {
			d.buildContext(fmt.Sprintf("%s:services[%d].image", project, i), s.Image, root)
		}
	}
	if len(d.problems) > 0 {
		return &Error{Problems: d.problems}
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
