package main

import (
	"encoding/gob"
	"math"
	"math/rand"
	"time"
)

// Leaf has every simple kind.
type Leaf struct {
	Bool    bool
	Int     int
	Int8    int8
	Int64   int64
	Uint    uint64
	Byte    uint8
	Float   float64
	Float32 float32
	Complex complex128
	Text    string
	Bytes   []byte
}

// Inner is met first inside an interface, so that its definition splits a message.
type Inner struct {
	Name  string
	Parts []Part
	Any   interface{}
}

type Part struct {
	Key   string
	Value interface{}
}

type Empty struct{}

type Tree struct {
	Name        string
	Left, Right *Tree
	Leaf        Leaf
	Leaves      []Leaf
	Any         interface{}
	Many        []interface{}
	Table       map[string]interface{}
	ByNumber    map[int][]string
	Numbers     [3]int
	When        time.Time
	Nothing     Empty
	List        [][]uint16
	Pointer     *int
}

type Request struct {
	ServiceMethod string
	Seq           uint64
}

type RPCFlags struct {
	Values map[string]interface{}
}

func register() {
	gob.RegisterName("Leaf", Leaf{})
	gob.RegisterName("*Inner", &Inner{})
	gob.RegisterName("Part", Part{})
	gob.RegisterName("Empty", Empty{})
	gob.RegisterName("*Tree", &Tree{})
	gob.RegisterName("*RPCFlags", &RPCFlags{})
	gob.RegisterName("[]interface", []interface{}{})
	gob.RegisterName("map", map[string]interface{}{})
	gob.RegisterName("time", time.Time{})
}

// values are pointers, to be encoded in this order.
func values(r *rand.Rand) []interface{} {
	var all []interface{}
	for i := 0; i < 3+r.Intn(6); i++ {
		switch r.Intn(6) {
		case 0:
			all = append(all, &Request{text(r), r.Uint64() >> r.Intn(64)})
		case 1:
			any := interface{}(&RPCFlags{table(r, 3)})
			all = append(all, &any)
		case 2:
			list := many(r, 3)
			all = append(all, &list)
		case 3:
			b := []byte(text(r))
			all = append(all, &b)
		default:
			all = append(all, tree(r, 4))
		}
	}
	return all
}

var letters = []rune("abcdefghij äöü€😀\n\"\\")

func text(r *rand.Rand) string {
	b := make([]rune, 1+r.Intn(12))
	for i := range b {
		b[i] = letters[r.Intn(len(letters))]
	}
	return string(b)
}

func leaf(r *rand.Rand) Leaf {
	var l Leaf
	if r.Intn(3) == 0 {
		return l
	}
	l.Bool = r.Intn(2) == 0
	l.Int = int(r.Int63()>>r.Intn(63)) * (1 - 2*r.Intn(2))
	l.Int8 = int8(r.Intn(256) - 128)
	l.Int64 = []int64{math.MinInt64, math.MaxInt64, -1, 0, 1}[r.Intn(5)]
	l.Uint = r.Uint64() >> r.Intn(64)
	l.Byte = uint8(r.Intn(256))
	l.Float = []float64{0, 1, -1.5, r.NormFloat64(), math.Inf(1), math.MaxFloat64}[r.Intn(6)]
	l.Float32 = float32(r.Intn(100)) / 8
	l.Complex = complex(r.Float64(), float64(r.Intn(3)))
	l.Text = text(r)
	if r.Intn(2) == 0 {
		l.Bytes = []byte(text(r))
	}
	return l
}

func anything(r *rand.Rand, depth int) interface{} {
	n := 14
	if depth <= 0 {
		n = 8
	}
	switch r.Intn(n) {
	case 0:
		return text(r)
	case 1:
		return r.Intn(1000) - 500
	case 2:
		return r.Intn(2) == 0
	case 3:
		return leaf(r)
	case 4:
		return r.NormFloat64()
	case 5:
		return []string{text(r), text(r)}
	case 6:
		return Empty{}
	case 7:
		return time.Unix(int64(r.Intn(1<<31)), int64(r.Intn(1e9))).UTC()
	case 8:
		return &Inner{text(r), parts(r, depth-1), anything(r, depth-1)}
	case 9:
		return Part{text(r), anything(r, depth-1)}
	case 10:
		return tree(r, depth-1)
	case 11:
		return table(r, depth-1)
	case 12:
		return many(r, depth-1)
	default:
		return &RPCFlags{table(r, depth-1)}
	}
}

func parts(r *rand.Rand, depth int) []Part {
	var all []Part
	for i := 0; i < r.Intn(3); i++ {
		all = append(all, Part{text(r), anything(r, depth-1)})
	}
	return all
}

func many(r *rand.Rand, depth int) []interface{} {
	var all []interface{}
	for i := 0; i < 1+r.Intn(4); i++ {
		all = append(all, anything(r, depth-1))
	}
	return all
}

func table(r *rand.Rand, depth int) map[string]interface{} {
	all := map[string]interface{}{}
	for i := 0; i < r.Intn(5); i++ {
		all[text(r)] = anything(r, depth-1)
	}
	return all
}

func tree(r *rand.Rand, depth int) *Tree {
	t := &Tree{Name: text(r), Leaf: leaf(r)}
	maybe := func() bool { return r.Intn(2) == 0 }
	if maybe() && depth > 0 {
		t.Left = tree(r, depth-1)
	}
	if maybe() && depth > 0 {
		t.Any = anything(r, depth-1)
		t.Many = many(r, depth-1)
	}
	if maybe() {
		t.Table = table(r, depth-1)
	}
	if maybe() {
		t.ByNumber = map[int][]string{r.Intn(9): {text(r)}, -r.Intn(9) - 1: {text(r), ""}}
	}
	if maybe() {
		t.Numbers = [3]int{r.Intn(9), 0, -r.Intn(9)}
	}
	if maybe() {
		t.When = time.Unix(int64(r.Intn(1<<31)), 0).UTC()
	}
	if maybe() {
		t.List = [][]uint16{{1, uint16(r.Intn(1 << 16))}, {0}}
	}
	if maybe() {
		n := 1 + r.Intn(9)
		t.Pointer = &n
	}
	if maybe() {
		t.Leaves = []Leaf{leaf(r), leaf(r)}
	}
	return t
}
