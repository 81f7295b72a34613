package config

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// CheckFiles reports what is not there, or not as it has to be, below root, the folder of Pulumi.yaml: what images are
// built of, and the website. Its error is a *Error.
func (c *Config) CheckFiles(project, root string) error {
	d := &decoder{}
	for i, s := range c.Services {
		if s.Image.Context != "" {
			path := fmt.Sprintf("%s:services[%d].image", project, i)
			d.buildContext(path, s.Image, root)
			d.databaseRoots(path, s, c, root)
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

const (
	// rootsFile is the file, in the build context of awslab's own services, with the root certificates of Amazon RDS
	// that their images trust, each after its name. bundleArg is the build argument that names more of them.
	rootsFile = "internal/rdsca/amazon-rds.pem"
	bundleArg = "RDS_CA_BUNDLE"
)

// databaseRoots refuses an image that does not trust the databases of the stack's Region: its service, which verifies
// their certificates, would never connect. What an image trusts that is built otherwise is not known.
func (d *decoder) databaseRoots(path string, s Service, c *Config, root string) {
	// Certificates of RDS Proxy are those of AWS Certificate Manager, which every system trusts. What sets up the
	// database goes past the proxy.
	direct := s.Access.Database && (!c.Database.Proxy || s.SetsUpDatabase())
	if !direct || s.Image.Args[bundleArg] != "" {
		return
	}
	dockerfile, err := os.ReadFile(filepath.Join(root, s.Image.Context, s.Image.Dockerfile))
	if err != nil || !takesBundle.Match(dockerfile) {
		return
	}
	roots, err := os.ReadFile(filepath.Join(root, s.Image.Context, rootsFile))
	if err != nil || strings.Contains(string(roots), "# Amazon RDS "+c.Region+" Root CA ") {
		return
	}
	d.add(
		path+".args."+bundleArg,
		"is missing; the image does not trust the databases of %s: set it to the URL of the "+
			"certificate bundle of the Region, as services/orders/README.md tells under Certificates",
		c.Region,
	)
}

// takesBundle matches the declaration of the build argument without a value of its own.
var takesBundle = regexp.MustCompile(`(?m)^ARG ` + bundleArg + `\s*$`)

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
