package data

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/s3"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// websiteFile is one file of a website.
type websiteFile struct {
	path        string // from the folder, with slashes: its key in the bucket and its path on the web
	source      string // on disk
	contentType string
	digest      string // SHA-256, in hex
}

// webTypes are the types of files that websites are made of. They are not asked of the system, whose table differs from
// one machine to the next and would change the objects with it (IANA media types; RFC 9239 for JavaScript).
var webTypes = map[string]string{
	".css":         "text/css; charset=utf-8",
	".csv":         "text/csv; charset=utf-8",
	".html":        "text/html; charset=utf-8",
	".htm":         "text/html; charset=utf-8",
	".js":          "text/javascript; charset=utf-8",
	".mjs":         "text/javascript; charset=utf-8",
	".json":        "application/json",
	".map":         "application/json",
	".md":          "text/markdown; charset=utf-8",
	".txt":         "text/plain; charset=utf-8",
	".xml":         "text/xml; charset=utf-8",
	".webmanifest": "application/manifest+json",
	".wasm":        "application/wasm",
	".pdf":         "application/pdf",
	".zip":         "application/zip",
	".avif":        "image/avif",
	".gif":         "image/gif",
	".ico":         "image/vnd.microsoft.icon",
	".jpg":         "image/jpeg",
	".jpeg":        "image/jpeg",
	".png":         "image/png",
	".svg":         "image/svg+xml",
	".webp":        "image/webp",
	".mp3":         "audio/mpeg",
	".mp4":         "video/mp4",
	".webm":        "video/webm",
	".otf":         "font/otf",
	".ttf":         "font/ttf",
	".woff":        "font/woff",
	".woff2":       "font/woff2",
}

// cacheAge is for how long, in seconds, caches keep what is not a page.
const cacheAge = 24 * 60 * 60

func (f websiteFile) isPage() bool { return strings.HasPrefix(f.contentType, "text/html") }

// cacheControl has pages asked for again each time, and lets everything else get a day old.
func (f websiteFile) cacheControl() string {
	if f.isPage() {
		return "no-cache"
	}
	return fmt.Sprintf("public, max-age=%d", cacheAge)
}

// websiteFiles reads a folder, in the order of names.
func websiteFiles(folder string) ([]websiteFile, error) {
	if folder == "" {
		return nil, errors.New("it is missing; name the folder of the files")
	}
	var files []websiteFile
	err := filepath.WalkDir(folder, func(source string, entry fs.DirEntry, err error) error {
		hidden := source != folder && strings.HasPrefix(filepath.Base(source), ".") &&
			filepath.Base(source) != ".well-known"
		switch {
		case err != nil:
			return err
		case hidden && entry.IsDir():
			return filepath.SkipDir
		case hidden || entry.IsDir():
			return nil
		case !entry.Type().IsRegular():
			return fmt.Errorf("%s is a link or a device; use a file", source)
		}
		file, err := readWebsiteFile(folder, source)
		files = append(files, file)
		return err
	})
	return files, err
}

func readWebsiteFile(folder, source string) (websiteFile, error) {
	content, err := os.ReadFile(source) //nolint:gosec // a file of the folder that the caller publishes
	if err != nil {
		return websiteFile{}, err
	}
	relative, err := filepath.Rel(folder, source)
	if err != nil {
		return websiteFile{}, err
	}
	key := filepath.ToSlash(relative)
	digest := sha256.Sum256(content)
	return websiteFile{
		path: key, source: source, digest: hex.EncodeToString(digest[:]),
		contentType: cmp.Or(webTypes[strings.ToLower(path.Ext(key))], http.DetectContentType(content)),
	}, nil
}

// upload puts the files into the bucket, and pages after what they may refer to: a page that is there leads to nothing
// that is not. It returns the objects. They have no tags of their own: S3 allows an object ten and no more.
func (w *Website) upload(ctx *pulumi.Context, name string, files []websiteFile) ([]pulumi.Resource, error) {
	var uploaded []pulumi.Resource
	for _, pages := range []bool{false, true} {
		referredTo := slices.Clone(uploaded)
		for _, file := range files {
			if file.isPage() != pages {
				continue
			}
			object, err := s3.NewBucketObjectv2(ctx, name+"-"+file.path, &s3.BucketObjectv2Args{
				Bucket:       w.BucketName,
				Key:          pulumi.String(file.path),
				Source:       pulumi.NewFileAsset(file.source),
				SourceHash:   pulumi.String(file.digest),
				ContentType:  pulumi.String(file.contentType),
				CacheControl: pulumi.String(file.cacheControl()),
			}, pulumi.Parent(w), pulumi.DependsOn(referredTo))
			if err != nil {
				return nil, fmt.Errorf("uploading %s: %w", file.path, err)
			}
			uploaded = append(uploaded, object)
		}
	}
	return uploaded, nil
}
