package cli

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestSettings(t *testing.T) {
	type want struct {
		URL, AuthURL, Token, Key, User, Password string
	}
	const local = defaultURL
	tests := map[string]struct {
		flags           flags
		env             map[string]string
		nightshift, st2 string // files
		want            want
	}{
		"nothing":      {want: want{URL: local, AuthURL: local}},
		"flag":         {flags: flags{url: "http://h:1/"}, env: map[string]string{"NIGHTSHIFT_URL": "http://e:1"}, want: want{URL: "http://h:1", AuthURL: "http://h:1"}},
		"host alone":   {flags: flags{url: "h"}, want: want{URL: "http://h:9100", AuthURL: "http://h:9100"}},
		"host, port":   {flags: flags{url: "h:1"}, want: want{URL: "http://h:1", AuthURL: "http://h:1"}},
		"behind https": {flags: flags{url: "https://h/ops"}, want: want{URL: "https://h/ops", AuthURL: "https://h/ops"}},
		"environment":  {env: map[string]string{"NIGHTSHIFT_URL": "http://e:1", "ST2_API_URL": "http://s:1"}, want: want{URL: "http://e:1", AuthURL: "http://e:1"}},
		"StackStorm's environment": {
			env:  map[string]string{"ST2_BASE_URL": "http://b", "ST2_API_URL": "https://h/api/v1", "ST2_AUTH_URL": "https://h/auth/v1"},
			want: want{URL: "https://h", AuthURL: "https://h"},
		},
		"StackStorm's ports":    {env: map[string]string{"ST2_API_URL": "http://h:9101/v1", "ST2_AUTH_URL": "http://h:9100/"}, want: want{URL: "http://h:9101", AuthURL: "http://h:9100"}},
		"StackStorm's base URL": {env: map[string]string{"ST2_BASE_URL": "http://h"}, want: want{URL: "http://h:9100", AuthURL: "http://h:9100"}},
		"file": {
			nightshift: "[general]\nbase_url = http://f:1\n[credentials]\nusername = u\npassword = p\n",
			st2:        "[general]\nbase_url = http://s:1\n[credentials]\nusername = other\n",
			want:       want{URL: "http://f:1", AuthURL: "http://f:1", User: "u", Password: "p"},
		},
		"StackStorm's file": {
			st2:  "[general]\nbase_url = http://s\n[credentials]\nusername = st2admin\npassword: Ch@nge%Me=1\n",
			want: want{URL: "http://s:9100", AuthURL: "http://s:9100", User: "st2admin", Password: "Ch@nge%Me=1"},
		},
		"credentials of another server": {
			flags: flags{url: "http://h:1"},
			st2:   "[general]\nbase_url = http://s:1\n[credentials]\nusername = u\npassword = p\napi_key = k\n[auth]\nurl = http://a:1\n",
			want:  want{URL: "http://h:1", AuthURL: "http://h:1"},
		},
		"token before key":   {flags: flags{apiKey: "fk"}, env: map[string]string{"NIGHTSHIFT_TOKEN": "t"}, want: want{URL: local, AuthURL: local, Key: "fk"}},
		"ours before theirs": {env: map[string]string{"ST2_AUTH_TOKEN": "s", "NIGHTSHIFT_API_KEY": "k"}, want: want{URL: local, AuthURL: local, Key: "k"}},
		"theirs":             {env: map[string]string{"ST2_AUTH_TOKEN": "s", "ST2_API_KEY": "k"}, want: want{URL: local, AuthURL: local, Token: "s"}},
		"key in the file":    {nightshift: "[credentials]\napi_key = k\n", want: want{URL: local, AuthURL: local, Key: "k"}},
		"no files": {
			flags: flags{skipConfig: true}, nightshift: "[general]\nbase_url = http://f:1\n", want: want{URL: local, AuthURL: local},
		},
		"no files, StackStorm's way": {
			env: map[string]string{"ST2_CLI_SKIP_CONFIG": "1"}, st2: "[general]\nbase_url = http://f:1\n", want: want{URL: local, AuthURL: local},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			home := t.TempDir()
			for folder, content := range map[string]string{".nightshift": tt.nightshift, ".st2": tt.st2} {
				if content == "" {
					continue
				}
				path := filepath.Join(home, folder, "config")
				if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			a := &app{Options: Options{Home: home, Getenv: func(name string) string { return tt.env[name] }}, flags: tt.flags}
			s, err := a.settings()
			if err != nil {
				t.Fatal(err)
			}
			got := want{s.url, s.authURL, s.token, s.apiKey, s.user, s.password}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestBadSettings(t *testing.T) {
	file := filepath.Join(t.TempDir(), "config")
	if err := os.WriteFile(file, []byte("[cli]\ntimezone = Mars/Base\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	tests := map[string]struct {
		args []string
		want string
	}{
		"no address": {[]string{"--url", "ftp://h"}, "ERROR: \"ftp://h\" is not the address of a server: it looks like http://127.0.0.1:9100\n"},
		"no file":    {[]string{"--config-file", "/nonexistent/config"}, "ERROR: read the configuration: open /nonexistent/config: no such file or directory\n"},
		"time zone":  {[]string{"--config-file", file}, "ERROR: the configuration names a time zone that is not known: Mars/Base\n"},
		"no certificates": {
			[]string{"--cacert", file}, "ERROR: " + file + " holds no certificates\n",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			x := &terminal{ctx: t.Context()}
			got := x.run(append(tt.args, "action", "list")...)
			if diff := cmp.Diff(result{Code: ExitUsage, Err: tt.want}, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
