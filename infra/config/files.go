package config

import (
	"fmt"
	"os"
	"path/filepath"
)

// CheckFiles reports what is not there, or not as it has to be, below root, the folder of Pulumi.yaml: what images are
// built of, and the website. Its error is a *Error.
func (c *Config) CheckFiles(project, root string) error {
	d := &decoder{}
	for i, s := range c.Services {
		if s.Image.Context != "" {
			d.buildContext(fmt.Sprintf("%s:services[%d].image", project, i), s.Image, root)
		}
	}
	if c.Website != nil {
		d.websiteFolder(project+":website", *c.Website, root)
	}
	if len(d.problems) > 0 {
		return &Error{Problems: d.problems}
	}
	return nil
}

func (d *decoder) buildContext(path string, image Image, root string) {
	if !d.folder(path+".context", image.Context, root) {
		return
	}
	file := filepath.Join(image.Context, image.Dockerfile)
	if info, err := os.Stat(filepath.Join(root, file)); err != nil || info.IsDir() {
		d.add(path+".dockerfile", "there is no file %q", file)
	}
}

func (d *decoder) websiteFolder(path string, w Website, root string) {
	if d.folder(path+".folder", w.Folder, root) {
		d.component(path, w.Args(root).Problems(), fields{"Folder": "folder"})
	}
}

// folder reports whether there is a folder below root, and adds a problem if there is none.
func (d *decoder) folder(path, folder, root string) bool {
	info, err := os.Stat(filepath.Join(root, folder))
	there := err == nil && info.IsDir() && filepath.IsLocal(folder)
	if !there {
		d.add(path, "there is no folder %q below the one of Pulumi.yaml", folder)
	}
	return there
}
