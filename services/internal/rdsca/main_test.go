package main

import (
	"crypto/x509"
	"encoding/pem"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// regions are those whose databases the certificates verify.
var regions = []string{
	"af-south-1", "ap-east-1", "ap-northeast-1", "ap-northeast-2", "ap-northeast-3", "ap-south-1", "ap-south-2",
	"ap-southeast-1", "ap-southeast-2", "ap-southeast-3", "ap-southeast-4", "ca-central-1", "eu-central-1",
	"eu-central-2", "eu-north-1", "eu-south-1", "eu-south-2", "eu-west-1", "eu-west-2", "eu-west-3", "me-central-1",
	"me-south-1", "sa-east-1", "us-east-1", "us-east-2", "us-west-1", "us-west-2",
}

// stillValid is how long every certificate is valid at least: longer than an image runs.
const stillValid = 10 * 365 * 24 * time.Hour

func TestEveryRegionHasItsThreeRoots(t *testing.T) {
	found := map[string][]string{}
	for _, certificate := range committed(t) {
		name := regionalRoot.FindStringSubmatch(certificate.Subject.CommonName)
		require.NotNil(t, name, certificate.Subject.CommonName)
		require.True(t, certificate.IsCA, name[0])
		require.NoError(t, certificate.CheckSignatureFrom(certificate), name[0])
		require.True(t, time.Now().Add(stillValid).Before(certificate.NotAfter), name[0])
		found[name[1]] = append(found[name[1]], name[2])
	}
	require.Len(t, found, len(regions))
	for _, region := range regions {
		require.Equal(t, []string{"ECC384", "RSA2048", "RSA4096"}, found[region], region)
	}
}

// Go and OpenSSL read every certificate in the file, whose comments they skip.
func TestTheFileIsABundle(t *testing.T) {
	text, err := os.ReadFile("amazon-rds.pem")
	require.NoError(t, err)
	pool := x509.NewCertPool()
	require.True(t, pool.AppendCertsFromPEM(text))
	require.Equal(t, text, encode(committed(t)), "the file is as this command writes it")
	for _, certificate := range committed(t) {
		_, err := certificate.Verify(x509.VerifyOptions{Roots: pool})
		require.NoError(t, err, certificate.Subject.CommonName)
	}
}

func TestWhatIsLeftOut(t *testing.T) {
	root := committed(t)[0]
	script := []byte("exports.defaults = [\n'" + string(pem.EncodeToMemory(
		&pem.Block{Type: "CERTIFICATE", Bytes: root.Raw})) + "' + \n'']")
	for name, test := range map[string]struct {
		at   time.Time
		want int
	}{
		"a valid root":    {root.NotAfter.Add(-time.Hour), 1},
		"an expired root": {root.NotAfter.Add(time.Hour), 0},
	} {
		roots, err := parse(script, test.at)
		require.NoError(t, err, name)
		require.Len(t, roots, test.want, name)
	}
	for _, name := range []string{
		"Amazon RDS Root 2019 CA",
		"Amazon RDS eu-west-1 2019 CA",
		"Amazon RDS Beta us-east-1 Root CA RSA2048 G1",
		"Amazon RDS Preview us-east-2 Root CA RSA2048 G1",
		"Not Amazon RDS eu-west-1 Root CA RSA2048 G1",
	} {
		require.False(t, regionalRoot.MatchString(name), name)
	}
}

func committed(t *testing.T) []*x509.Certificate {
	t.Helper()
	text, err := os.ReadFile("amazon-rds.pem")
	require.NoError(t, err)
	var certificates []*x509.Certificate
	for {
		block, rest := pem.Decode(text)
		if block == nil {
			return certificates
		}
		text = rest
		certificate, err := x509.ParseCertificate(block.Bytes)
		require.NoError(t, err)
		certificates = append(certificates, certificate)
	}
}
