module machine.test/peers

go 1.18

require github.com/docker/machine v0.16.2

require (
	github.com/Azure/go-ansiterm v0.0.0-20210617225240-d185dfc1b5a1 // indirect
	github.com/Sirupsen/logrus v0.0.0-00010101000000-000000000000 // indirect
	github.com/docker/docker v1.13.1 // indirect; newer ones lack pkg/term
	golang.org/x/crypto v0.14.0 // indirect
	golang.org/x/sys v0.13.0 // indirect
	golang.org/x/term v0.13.0 // indirect
)

// The old spelling is not served any more.
replace github.com/Sirupsen/logrus => github.com/sirupsen/logrus v1.0.5
