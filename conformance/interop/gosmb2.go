// go-smb2 against the server that the environment names: one run per dialect, signing asked for or not.
package main

import (
	"bytes"
	"crypto/rand"
	"fmt"
	"net"
	"os"
	"sort"
	"strings"
	"time"

	"github.com/hirochachacha/go-smb2"
)

var count, failures int

func check(err error, what string, arguments ...interface{}) bool {
	count++
	what = fmt.Sprintf(what, arguments...)
	if err != nil {
		failures++
		fmt.Printf("# %v\nnot ok %d - %s\n", err, count, what)
		return false
	}
	fmt.Printf("ok %d - %s\n", count, what)
	return true
}

func dial(dialect uint16, sign bool, password string) (*smb2.Session, error) {
	conn, err := net.Dial("tcp", os.Getenv("SMB_HOST")+":"+os.Getenv("SMB_PORT"))
	if err != nil {
		return nil, err
	}
	d := &smb2.Dialer{
		Negotiator: smb2.Negotiator{SpecifiedDialect: dialect, RequireMessageSigning: sign},
		Initiator:  &smb2.NTLMInitiator{User: os.Getenv("SMB_USER"), Password: password},
	}
	return d.Dial(conn)
}

func transfer(share *smb2.Share) error {
	data := make([]byte, 16<<20)
	rand.Read(data)
	if err := share.WriteFile("big", data, 0644); err != nil {
		return fmt.Errorf("write: %w", err)
	}
	back, err := share.ReadFile("big")
	if err != nil {
		return fmt.Errorf("read: %w", err)
	}
	if !bytes.Equal(data, back) {
		return fmt.Errorf("what came back differs")
	}
	f, err := share.OpenFile("big", os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	if _, err = f.WriteAt([]byte("needle"), 5000001); err != nil {
		return fmt.Errorf("writeAt: %w", err)
	}
	part := make([]byte, 8)
	if _, err = f.ReadAt(part, 5000000); err != nil {
		return fmt.Errorf("readAt: %w", err)
	}
	if string(part[1:7]) != "needle" || part[0] != data[5000000] {
		return fmt.Errorf("readAt: %q", part)
	}
	if err = f.Truncate(12345); err != nil {
		return fmt.Errorf("truncate: %w", err)
	}
	info, err := f.Stat()
	if err != nil || info.Size() != 12345 {
		return fmt.Errorf("stat after truncate: %v %w", info, err)
	}
	if err = f.Sync(); err != nil {
		return fmt.Errorf("sync: %w", err)
	}
	to, err := share.Create("copy")
	if err != nil {
		return err
	}
	defer to.Close()
	if _, err = f.Seek(0, 0); err != nil {
		return err
	}
	if n, err := to.ReadFrom(f); err != nil || n != 12345 {
		return fmt.Errorf("copy: %d %w", n, err)
	}
	if back, err = share.ReadFile("copy"); err != nil || !bytes.Equal(back[:12345], data[:12345]) {
		return fmt.Errorf("the copy differs: %w", err)
	}
	return nil
}

func names(share *smb2.Share) error {
	if err := share.Mkdir("dir", 0755); err != nil {
		return fmt.Errorf("mkdir: %w", err)
	}
	var want []string
	for i := 0; i < 120; i++ {
		name := fmt.Sprintf("file with a rather long name, number %03d, ü", i)
		want = append(want, name)
		if err := share.WriteFile(`dir\`+name, []byte(name), 0644); err != nil {
			return err
		}
	}
	list, err := share.ReadDir("dir")
	if err != nil {
		return fmt.Errorf("readdir: %w", err)
	}
	var got []string
	for _, info := range list {
		got = append(got, info.Name())
		if info.IsDir() || info.Size() != int64(len(info.Name())) {
			return fmt.Errorf("readdir: %v", info)
		}
	}
	sort.Strings(got)
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		return fmt.Errorf("readdir: %d names instead of %d", len(got), len(want))
	}
	if err = share.Rename("big", `dir\moved`); err != nil {
		return fmt.Errorf("rename: %w", err)
	}
	if _, err = share.Stat("big"); !os.IsNotExist(err) {
		return fmt.Errorf("the old name: %v", err)
	}
	info, err := share.Stat(`dir\moved`)
	if err != nil || info.Size() != 12345 {
		return fmt.Errorf("the new name: %v %w", info, err)
	}
	if err = share.Rename("copy", `dir\moved`); !os.IsExist(err) {
		return fmt.Errorf("rename onto a file that exists: %v", err)
	}
	when := time.Date(2001, 2, 3, 4, 5, 6, 700, time.UTC)
	if err = share.Chtimes("copy", when, when); err != nil {
		return fmt.Errorf("chtimes: %w", err)
	}
	if info, err = share.Stat("copy"); err != nil || !info.ModTime().Equal(when) {
		return fmt.Errorf("chtimes: %v %w", info.ModTime(), err)
	}
	if err = share.Chmod("copy", 0444); err != nil {
		return fmt.Errorf("chmod: %w", err)
	}
	if info, err = share.Stat("copy"); err != nil || info.Mode()&0200 != 0 {
		return fmt.Errorf("chmod: %v %w", info.Mode(), err)
	}
	if err = share.Chmod("copy", 0644); err != nil {
		return fmt.Errorf("chmod back: %w", err)
	}
	if space, err := share.Statfs("."); err != nil || space.TotalBlockCount() == 0 {
		return fmt.Errorf("statfs: %v %w", space, err)
	}
	if err = share.Remove("dir"); err == nil {
		return fmt.Errorf("a directory with entries was removed")
	}
	for _, name := range append(want, "moved") {
		if err = share.Remove(`dir\` + name); err != nil {
			return fmt.Errorf("remove: %w", err)
		}
	}
	if err = share.Remove("copy"); err != nil {
		return err
	}
	return share.Remove("dir")
}

func run(name string, dialect uint16, sign bool) {
	session, err := dial(dialect, sign, os.Getenv("SMB_PASSWORD"))
	if !check(err, "%s: log on", name) {
		return
	}
	list, err := session.ListSharenames()
	if err == nil && !strings.Contains(" "+strings.Join(list, " ")+" ", " "+os.Getenv("SMB_SHARE")+" ") {
		err = fmt.Errorf("%v", list)
	}
	check(err, "%s: list the shares", name)
	_, err = session.Mount("nowhere")
	if err == nil {
		check(fmt.Errorf("mounted"), "%s: an unknown share", name)
	}
	share, err := session.Mount(os.Getenv("SMB_SHARE"))
	if check(err, "%s: mount", name) {
		check(transfer(share), "%s: write, read, stat, truncate, copy", name)
		check(names(share), "%s: directories, rename, times, attributes, remove", name)
		check(share.Umount(), "%s: unmount", name)
	}
	check(session.Logoff(), "%s: log off", name)
}

func main() {
	for _, dialect := range []uint16{0x202, 0x210, 0x300, 0x302, 0x311} {
		run(fmt.Sprintf("dialect %#x", dialect), dialect, false)
		run(fmt.Sprintf("dialect %#x signed", dialect), dialect, true)
	}
	if _, err := dial(0, false, "wrong"); err == nil {
		check(fmt.Errorf("logged on"), "a wrong password")
	} else {
		check(nil, "a wrong password: %v", err)
	}
	fmt.Printf("1..%d\n", count)
	if failures > 0 {
		os.Exit(1)
	}
}
