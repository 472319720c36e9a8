package main

import (
	"fmt"
	"net"
	"net/http"
	"net/rpc"
	"os"
	"strconv"
	"time"

	"github.com/docker/machine/libmachine/drivers"
	"github.com/docker/machine/libmachine/drivers/plugin"
	"github.com/docker/machine/libmachine/drivers/rpc"
	"github.com/docker/machine/libmachine/log"
	"github.com/docker/machine/libmachine/mcnflag"
)

// serve is the library's own server, or one like it with another life time or another face.
func serve(d *driver) {
	beat, _ := strconv.Atoi(os.Getenv("PEER_HEARTBEAT_MS"))
	if beat == 0 && os.Getenv("PEER_MODE") == "" {
		plugin.RegisterDriver(d)
		return
	}
	if beat == 0 {
		beat = 10000
	}
	log.SetDebug(true)
	rpcd := rpcdriver.NewRPCServerDriver(d)
	switch {
	case has("version2"):
		rpc.RegisterName(rpcdriver.RPCServiceNameV1, &version2{rpcd})
		rpc.RegisterName(rpcdriver.RPCServiceNameV0, &version2{rpcd})
	case has("ipv6"):
		rpc.RegisterName(rpcdriver.RPCServiceNameV1, &ipv6{rpcd})
	case has("old"):
		rpc.RegisterName(rpcdriver.RPCServiceNameV0, &old{rpcd})
	case has("odd"):
		rpc.RegisterName(rpcdriver.RPCServiceNameV1, &odd{rpcd})
	default:
		rpc.RegisterName(rpcdriver.RPCServiceNameV1, rpcd)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		os.Exit(1)
	}
	switch {
	case has("other-server"):
		http.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte("hello")) })
	case has("deaf"):
		// Takes the connection and says nothing.
		fmt.Println(listener.Addr())
		for {
			c, err := listener.Accept()
			if err != nil {
				os.Exit(1)
			}
			defer c.Close()
		}
	case has("no-gob"):
		fmt.Println(listener.Addr())
		c, err := listener.Accept()
		if err != nil {
			os.Exit(1)
		}
		c.Write([]byte("HTTP/1.0 200 Connected to Go RPC\n\n\xf8\x7f\xff\xff\xff\xff\xff\xff\xff"))
		time.Sleep(time.Hour)
	default:
		rpc.HandleHTTP()
	}
	fmt.Println(listener.Addr())
	go http.Serve(listener, nil)
	for {
		select {
		case <-rpcd.CloseCh:
			log.Debug("Closing plugin on server side")
			os.Remove(cloud(fmt.Sprint(".living-", os.Getpid())))
			if has("stubborn") {
				time.Sleep(time.Hour)
			}
			os.Exit(0)
		case <-rpcd.HeartbeatCh:
			note("Heartbeat")
		case <-time.After(time.Duration(beat) * time.Millisecond):
			note("no heartbeat")
			os.Exit(1)
		}
	}
}

type version2 struct{ *rpcdriver.RPCServerDriver }

func (*version2) GetVersion(_ *struct{}, reply *int) error {
	*reply = 2
	return nil
}

// old has what the first drivers had.
type old struct{ d *rpcdriver.RPCServerDriver }

func (o *old) Close(a, b *struct{}) error                  { return o.d.Close(a, b) }
func (o *old) Heartbeat(a, b *struct{}) error              { return o.d.Heartbeat(a, b) }
func (o *old) GetVersion(a *struct{}, r *int) error        { return o.d.GetVersion(a, r) }
func (o *old) GetConfigRaw(a *struct{}, r *[]byte) error   { return o.d.GetConfigRaw(a, r) }
func (o *old) SetConfigRaw(data []byte, a *struct{}) error { return o.d.SetConfigRaw(data, a) }
func (o *old) GetCreateFlags(a *struct{}, r *[]mcnflag.Flag) error {
	return o.d.GetCreateFlags(a, r)
}
func (o *old) SetConfigFromFlags(f *drivers.DriverOptions, a *struct{}) error {
	return o.d.SetConfigFromFlags(f, a)
}
func (o *old) PreCreateCheck(a, b *struct{}) error         { return o.d.PreCreateCheck(a, b) }
func (o *old) Create(a, b *struct{}) error                 { return o.d.Create(a, b) }
func (o *old) Remove(a, b *struct{}) error                 { return o.d.Remove(a, b) }
func (o *old) GetURL(a *struct{}, r *string) error         { return o.d.GetURL(a, r) }
func (o *old) GetSSHHostname(a *struct{}, r *string) error { return o.d.GetSSHHostname(a, r) }
func (o *old) GetState(a *struct{}, r *int) error {
	s, err := o.d.ActualDriver.GetState()
	*r = int(s)
	return err
}

// ipv6 has what Rancher's library added, and no other address.
type ipv6 struct{ *rpcdriver.RPCServerDriver }

func (*ipv6) GetIP(_ *struct{}, reply *string) error {
	*reply = ""
	return nil
}

func (*ipv6) GetIPv6(_ *struct{}, reply *string) error {
	*reply = "2001:db8::7"
	return nil
}

// odd answers with other types than it should.
type odd struct{ *rpcdriver.RPCServerDriver }

func (*odd) GetState(_ *struct{}, reply *int) error {
	*reply = 42
	return nil
}

func (*odd) DriverName(_ *struct{}, reply *int) error {
	*reply = 7
	return nil
}

func (*odd) GetConfigRaw(_ *struct{}, reply *[]byte) error {
	*reply = []byte("[1,2]")
	return nil
}
