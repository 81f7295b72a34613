package data

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/require"
)

// websiteFolder returns a folder with files of a website, and some that are not for the world.
func websiteFolder(t *testing.T) string {
	t.Helper()
	folder := t.TempDir()
	for path, content := range map[string]string{
		"index.html":               "<!doctype html><title>Lab</title>",
		"404.html":                 "<!doctype html><title>Not here</title>",
		"assets/app.js":            "let lab",
		"assets/LOGO.SVG":          "<svg/>",
		"LICENSE":                  "Free",
		".well-known/security.txt": "Contact: mailto:lab@example.com",
		".env":                     "SECRET=1",
		".git/config":              "[core]",
	} {
		path = filepath.Join(folder, filepath.FromSlash(path))
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o700))
		require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
	}
	return folder
}

func smallWebsite(folder string) *WebsiteArgs {
	return &WebsiteArgs{
		Location:   databaseLocation,
		Name:       "awslab-dev-website",
		BucketName: "awslab-dev-website",
		Folder:     folder,
		Tags:       databaseTags,
	}
}

func fullWebsite(folder string) *WebsiteArgs {
	args := smallWebsite(folder)
	args.Domains = []string{"www.example.com", "example.com"}
	args.CertificateArn = "arn:aws:acm:us-east-1:123456789012:certificate/1-2"
	args.ErrorPage, args.ContentSecurityPolicy, args.PriceClass = "404.html", "default-src 'self' https://"+
		"api.example.com", "PriceClass_All"
	args.Countries, args.WebAclArn = []string{"DE", "AT"}, pulumi.String("arn:web-acl")
	args.KmsKeyArn, args.KeyAlias = pulumi.String("arn:key"), "alias/website"
	args.AccessLogDomain, args.LogBucket = pulumi.String("edge-logs.s3.amazonaws.com"), pulumi.String("logs")
	args.ForceDestroy = true
	return args
}

func registerWebsite(t *testing.T, args *WebsiteArgs, checks ...func(*Website)) (*storeGraph, error) {
	t.Helper()
	return store(t, func(ctx *pulumi.Context, _ pulumi.ProviderResource) error {
		website, err := NewWebsite(ctx, "website", args)
		if err != nil {
			return err
		}
		for _, check := range checks {
			check(website)
		}
		return nil
	})
}

func TestWebsites(t *testing.T) {
	t.Chdir(websiteFolder(t)) // so that the golden files name the same folder everywhere
	for name, test := range map[string]struct {
		args *WebsiteArgs
		url  string
	}{
		"website-small": {smallWebsite("."), "https://domainName of website-distribution"},
		"website-full":  {fullWebsite("."), "https://www.example.com"},
	} {
		g, err := registerWebsite(t, test.args, func(website *Website) {
			require.Equal(t, test.url, databaseValue(t, website.Url))
			require.Equal(t, "domainName of website-distribution", databaseValue(t, website.DomainName))
			require.Equal(t, "website-distribution-id", databaseValue(t, website.DistributionId))
			require.Equal(t, "arn of website-distribution", databaseValue(t, website.DistributionArn))
			require.Equal(t, "awslab-dev-website", databaseValue(t, website.BucketName))
		})
		require.NoError(t, err)
		g.requireGolden(t, name)
		g.requireFamily(t, "website")
	}
}

func TestFilesOfAWebsite(t *testing.T) {
	files, err := websiteFiles(websiteFolder(t))
	require.NoError(t, err)
	var seen []string
	for _, file := range files {
		seen = append(seen, strings.Join([]string{file.path, file.contentType, file.cacheControl()}, " | "))
	}
	require.Equal(t, []string{
		".well-known/security.txt | text/plain; charset=utf-8 | public, max-age=86400",
		"404.html | text/html; charset=utf-8 | no-cache",
		"LICENSE | text/plain; charset=utf-8 | public, max-age=86400",
		"assets/LOGO.SVG | image/svg+xml | public, max-age=86400",
		"assets/app.js | text/javascript; charset=utf-8 | public, max-age=86400",
		"index.html | text/html; charset=utf-8 | no-cache",
	}, seen)
}

// A link could publish what is not in the folder.
func TestALinkIsNotPublished(t *testing.T) {
	folder := websiteFolder(t)
	require.NoError(t, os.Symlink("/etc/hostname", filepath.Join(folder, "host")))
	g, err := registerWebsite(t, smallWebsite(folder))
	requireProblems(t, g, err, []string{"host is a link or a device; use a file"})
}

// A file that changes is uploaded anew, and nothing else is.
func TestAChangedFileChangesItsObjectAlone(t *testing.T) {
	folder := websiteFolder(t)
	before, err := registerWebsite(t, smallWebsite(folder))
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(folder, "assets", "app.js"), []byte("let lab = 2"), 0o600))
	after, err := registerWebsite(t, smallWebsite(folder))
	require.NoError(t, err)
	var changed []string
	for name, r := range after.resources {
		if !r.Inputs.DeepEquals(before.resources[name].Inputs) {
			changed = append(changed, name)
		}
	}
	require.Equal(t, []string{"website-assets/app.js"}, changed)
}

func TestAPageIsThereAfterWhatItMayReferTo(t *testing.T) {
	g, err := registerWebsite(t, fullWebsite(websiteFolder(t)))
	require.NoError(t, err)
	assets := []string{
		"website-.well-known/security.txt", "website-LICENSE", "website-assets/LOGO.SVG", "website-assets/app.js",
	}
	pages := []string{"website-404.html", "website-index.html"}
	for _, page := range pages {
		require.Subset(t, g.dependencies(page), assets)
	}
	require.NotContains(t, g.dependencies(pages[1]), pages[0], "pages may refer to one another")
	require.Subset(t, g.dependencies("website-distribution"), pages)
}

// CloudFront answers 403 for the firewall and for countries that are left out, and would hand out the page instead.
func TestASinglePageAnswersForWhatIsNotThere(t *testing.T) {
	args := smallWebsite(websiteFolder(t))
	args.SinglePage = true
	g, err := registerWebsite(t, args)
	require.NoError(t, err)
	require.Equal(
		t,
		[]any{
			map[string]any{
				"errorCode":          404.0,
				"responseCode":       200.0,
				"responsePagePath":   "/index.html",
				"errorCachingMinTtl": 10.0,
			},
		},
		g.inputs(t, "website-distribution")["customErrorResponses"],
	)
}

func TestWebsitesThatAreRefused(t *testing.T) {
	for name, test := range map[string]struct {
		change func(*WebsiteArgs)
		want   []string
	}{
		"nothing given": {
			func(a *WebsiteArgs) { *a = WebsiteArgs{} },
			[]string{
				"Location.Region",
				`Name: ""; use 1 to 64`,
				`BucketName: ""; use 3 to 63`,
				"Folder: it is missing",
			},
		},
		"no folder": {func(a *WebsiteArgs) { a.Folder = "nowhere" }, []string{"Folder: lstat nowhere"}},
		"no index": {
			func(a *WebsiteArgs) { a.Folder = filepath.Join(a.Folder, "assets") },
			[]string{"Folder: there is no index.html in", `ErrorPage: "404.html" is not a file`},
		},
		"name": {func(a *WebsiteArgs) { a.Name = "my website" }, []string{`Name: "my website"; use 1 to 64`}},
		"both pages": {
			func(a *WebsiteArgs) { a.SinglePage = true },
			[]string{`ErrorPage: "404.html", and SinglePage is true`},
		},
		"price class": {
			func(a *WebsiteArgs) { a.PriceClass = "cheap" },
			[]string{`PriceClass: "cheap"; use one of [PriceClass_100`},
		},
		"country": {
			func(a *WebsiteArgs) { a.Countries = []string{"DE", "Austria"} },
			[]string{`Countries[1]: "Austria"; use a code of two capital letters`},
		},
		"key alone": {func(a *WebsiteArgs) { a.KeyAlias = "" }, []string{"KeyAlias: give both"}},
		"no certificate": {func(a *WebsiteArgs) { a.CertificateArn = "" },
			[]string{"CertificateArn: it is missing; Domains need a certificate"}},
		"no domains": {func(a *WebsiteArgs) { a.Domains = nil }, []string{"Domains: there is none"}},
		"certificate": {
			func(a *WebsiteArgs) { a.CertificateArn = "arn:aws:acm:eu-west-1:123456789012:certificate/1" },
			[]string{"CertificateArn: ", "us-east-1"},
		},
		"domains": {func(a *WebsiteArgs) { a.Domains = []string{"WWW.example.com", "a.example.com", "a.example.com"} },
			[]string{
				`Domains[0]: "WWW.example.com"; use a lower-case domain name`,
				`Domains[2]: "a.example.com" is listed twice`,
			}},
	} {
		t.Run(name, func(t *testing.T) {
			args := fullWebsite(websiteFolder(t))
			test.change(args)
			g, err := registerWebsite(t, args)
			requireProblems(t, g, err, test.want)
		})
	}
	g, err := registerWebsite(t, nil)
	requireProblems(t, g, err, []string{`website "website": Location.Partition`})
}

func TestChangesThatReplaceTheBucketOfAWebsiteAreTheDocumentedOnes(t *testing.T) {
	folder := websiteFolder(t)
	requireDocumented(t, "website.go", map[string]func(*WebsiteArgs){
		"Name":                  func(a *WebsiteArgs) { a.Name = "other" },
		"BucketName":            func(a *WebsiteArgs) { a.BucketName = "other" },
		"Folder":                func(a *WebsiteArgs) { a.Folder = websiteFolder(t) },
		"Domains":               func(a *WebsiteArgs) { a.Domains = a.Domains[1:] },
		"CertificateArn":        func(a *WebsiteArgs) { a.CertificateArn += "0" },
		"ErrorPage":             func(a *WebsiteArgs) { a.ErrorPage = "" },
		"SinglePage":            func(a *WebsiteArgs) { a.ErrorPage, a.SinglePage = "", true },
		"ContentSecurityPolicy": func(a *WebsiteArgs) { a.ContentSecurityPolicy = "" },
		"PriceClass":            func(a *WebsiteArgs) { a.PriceClass = "" },
		"Countries":             func(a *WebsiteArgs) { a.Countries = nil },
		"WebAclArn":             func(a *WebsiteArgs) { a.WebAclArn = nil },
		"KmsKeyArn":             func(a *WebsiteArgs) { a.KmsKeyArn = pulumi.String("arn:other") },
		"KeyAlias":              func(a *WebsiteArgs) { a.KeyAlias = "alias/other" },
		"AccessLogDomain":       func(a *WebsiteArgs) { a.AccessLogDomain = nil },
		"LogBucket":             func(a *WebsiteArgs) { a.LogBucket = nil },
		"ForceDestroy":          func(a *WebsiteArgs) { a.ForceDestroy = false },
		"Tags":                  func(a *WebsiteArgs) { a.Tags = nil },
	}, func(change func(*WebsiteArgs)) *storeGraph {
		args := fullWebsite(folder)
		change(args)
		g, err := registerWebsite(t, args)
		require.NoError(t, err)
		return g
	}, "Location")
}
