package awsx

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"
)

// block is a range of IPv4 addresses as a CIDR names it. address need not be the first of the range: 10.0.0.5/16 names
// the same range as 10.0.0.0/16. It is wider than an IPv4 address so that arithmetic past 255.255.255.255 shows.
type block struct {
	address uint64
	bits    int
}

const addressSpace = uint64(1) << 32

// newBlock returns the block of the size given by bits that holds address, named by its first address.
func newBlock(address uint64, bits int) block {
	return block{address: address - address%size(bits), bits: bits}
}

func size(bits int) uint64 { return uint64(1) << (32 - bits) }

func (b block) first() uint64 { return b.address - b.address%size(b.bits) }

// end returns the first address behind the block.
func (b block) end() uint64 { return b.first() + size(b.bits) }

// lastHost returns the last address that a host may have: in blocks that have a broadcast address, the one before it.
func (b block) lastHost() uint64 {
	if b.bits <= 30 {
		return b.end() - 2
	}
	return b.end() - 1
}

// firstHost returns the first address that a host may have.
func (b block) firstHost() uint64 {
	if b.bits <= 30 {
		return b.first() + 1
	}
	return b.first()
}

func (b block) holds(address uint64) bool { return b.first() <= address && address < b.end() }

func (b block) overlaps(other block) bool { return b.first() < other.end() && other.first() < b.end() }

func (b block) within(other block) bool { return other.first() <= b.first() && b.end() <= other.end() }

// next returns the block of the same size behind b.
func (b block) next() block { return block{address: b.end(), bits: b.bits} }

func (b block) String() string { return formatAddress(b.address) + "/" + strconv.Itoa(b.bits) }

func formatAddress(address uint64) string {
	return fmt.Sprintf("%d.%d.%d.%d", address>>24, address>>16&0xff, address>>8&0xff, address&0xff)
}

// parseCIDR reads an address with an optional mask; without one it is a single address. The errors are those of the
// library behind the strategies Auto and Exact.
func parseCIDR(text string) (block, error) {
	address, mask, masked := strings.Cut(text, "/")
	ip, err := netip.ParseAddr(address)
	if err != nil || !ip.Is4() {
		return block{}, fmt.Errorf("Invalid net address: %s", address) //nolint:staticcheck // awsx's own words
	}
	bits := 32
	if masked {
		if bits, err = strconv.Atoi(mask); err != nil || bits < 0 || bits > 32 {
			return block{}, invalidMask(mask)
		}
	}
	bytes := ip.As4()
	var number uint64
	for _, b := range bytes {
		number = number<<8 | uint64(b)
	}
	return block{address: number, bits: bits}, nil
}

func invalidMask[T int | string](mask T) error {
	return fmt.Errorf("Invalid mask for ip4: %v", mask) //nolint:staticcheck // awsx's own words
}
