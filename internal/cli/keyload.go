package cli

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/nightshift-run/nightshift/internal/expr/value"
	"github.com/nightshift-run/nightshift/internal/fault"
	"github.com/nightshift-run/nightshift/internal/secret"
)

func (a *app) keyLoad(r resource) *cobra.Command {
	var convert bool
	var st2Key string
	cmd := &cobra.Command{
		Use:   "load <file>",
		Short: "Set the keys that a file of JSON or YAML lists",
		Long: `Set the keys that a file of JSON or YAML lists, as "nightshift key list -j" writes them: each with name,
value and perhaps scope, user, secret, encrypted and ttl, or expire_timestamp: what has expired is left out. All
of the file is checked before the first key is set. Values that StackStorm has encrypted are sent in the clear, as secrets, with --st2-key-file, which is
the file that its setting keyvalue.encryption_key_path names.`,
		Args: args(1, 1),
		RunE: func(cmd *cobra.Command, names []string) error {
			items, err := a.keyItems(names[0], convert)
			if err != nil {
				return err
			}
			if st2Key != "" {
				if err := a.decryptItems(items, st2Key); err != nil {
					return err
				}
			}
			s, err := a.session(cmd)
			if err != nil {
				return err
			}
			var set []*value.Dict
			for _, item := range items {
				name := textOf(item, "name")
				d, err := s.do(cmd.Context(), http.MethodPut, r.path+"/"+seg(name), item)
				if err != nil {
					return fmt.Errorf("key %s, after %d that are set: %w", name, len(set), err)
				}
				set = append(set, d)
			}
			if len(set) == 0 && !s.machine() {
				return s.print("No matching items found")
			}
			return s.table(set, []string{"name", "value", "secret", "scope", "user", "ttl"}, r.shape, nil)
		},
	}
	cmd.Flags().BoolVarP(&convert, "convert", "c", false, "write values that are no texts as JSON")
	cmd.Flags().StringVar(&st2Key, "st2-key-file", "", "file with the key of the StackStorm that has encrypted values")
	return cmd
}

// decryptItems opens the values that StackStorm has encrypted, or says which it can't open.
func (a *app) decryptItems(items []*value.Dict, path string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	key, err := secret.ReadStackStormKey(text)
	if err != nil {
		return fault.Newf(fault.Invalid, "%s: %v", path, err)
	}
	var wrong []string
	for _, d := range items {
		if is, _ := d.Get("encrypted"); is != true {
			continue
		}
		plain, err := key.Decrypt(textOf(d, "value"))
		if err != nil {
			wrong = append(wrong, fmt.Sprintf("key %s can't be decrypted with %s: %v", textOf(d, "name"), path, err))
			continue
		}
		d.Set("value", plain)
		d.Set("secret", true)
		d.Delete("encrypted")
	}
	if len(wrong) > 0 {
		return &fault.Fault{Kind: fault.Invalid, Msg: strings.Join(wrong, "\n"), Err: errors.New("bad key of StackStorm")}
	}
	return nil
}

// keyItems reads the keys of a file, or says all that is wrong with them.
func (a *app) keyItems(path string, convert bool) ([]*value.Dict, error) {
	v, err := a.readValue(path)
	if err != nil {
		return nil, err
	}
	var list []value.Value
	switch v := v.(type) {
	case nil:
		return nil, nil
	case *value.List:
		list = v.Items
	case *value.Dict:
		list = []value.Value{v}
	default:
		return nil, fault.Newf(fault.Invalid, "%s must hold a list of keys, not %s", path, value.TypeName(v))
	}
	var items []*value.Dict
	var wrong []string
	for i, item := range list {
		d, ok := item.(*value.Dict)
		if !ok || textOf(d, "name") == "" {
			wrong = append(wrong, fmt.Sprintf("%s: entry %d has no name", path, i+1))
			continue
		}
		content, has := d.Get("value")
		_, isText := content.(string)
		switch {
		case !has:
			wrong = append(wrong, fmt.Sprintf("%s: key %s has no value", path, textOf(d, "name")))
		case !isText && !convert:
			wrong = append(wrong, fmt.Sprintf("%s: the value of key %s is no text; --convert writes it as JSON", path, textOf(d, "name")))
		case !isText:
			b, err := value.ToJSON(content)
			if err != nil {
				return nil, fmt.Errorf("write the value of key %s as JSON: %w", textOf(d, "name"), err)
			}
			content = string(b)
		}
		out := value.NewDict()
		for _, name := range []string{"name", "value", "scope", "user", "secret", "encrypted", "ttl"} {
			if v, ok := d.Get(name); ok && v != nil {
				out.Set(name, v)
			}
		}
		out.Set("value", content)
		left, err := timeLeft(d, time.Now())
		switch {
		case err != nil:
			wrong = append(wrong, fmt.Sprintf("%s: key %s: %v", path, textOf(d, "name"), err))
		case left < 0:
			continue
		case left > 0 && !out.Has("ttl"):
			out.Set("ttl", int64(left.Seconds())+1) // the fraction of a second counts as one
		}
		items = append(items, out)
	}
	if len(wrong) > 0 {
		return nil, &fault.Fault{Kind: fault.Invalid, Msg: strings.Join(wrong, "\n"), Err: errors.New("bad file of keys")}
	}
	return items, nil
}

// timeLeft is for how long a key that was exported is still there: 0 for ever, below
// zero not any more.
func timeLeft(d *value.Dict, now time.Time) (time.Duration, error) {
	end := textOf(d, "expire_timestamp")
	if end == "" {
		return 0, nil
	}
	at, err := time.Parse(time.RFC3339Nano, end)
	if err != nil {
		return 0, fmt.Errorf("expire_timestamp is %q, which is no time", end)
	}
	if !at.After(now) {
		return -1, nil
	}
	return at.Sub(now), nil
}

func (a *app) keyDeleteByPrefix(r resource) *cobra.Command {
	var prefix string
	cmd := &cobra.Command{
		Use:     "delete_by_prefix",
		Aliases: []string{"delete-by-prefix"},
		Short:   "Delete all keys whose names begin in the same way",
		Args:    args(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if prefix == "" {
				return &usageError{cmd, errors.New("the prefix is missing: -p PREFIX")}
			}
			s, err := a.session(cmd)
			if err != nil {
				return err
			}
			list, _, err := s.list(cmd.Context(), r.path, url.Values{"prefix": {prefix}, "limit": {"-1"}, "scope": {"system"}})
			if err != nil {
				return err
			}
			n := 0
			for _, d := range list {
				name := textOf(d, "name")
				// A server that knows no prefixes would give everything.
				if !strings.HasPrefix(name, prefix) {
					continue
				}
				if err := s.client.Delete(cmd.Context(), r.path+"/"+seg(name), url.Values{"scope": {"system"}}); err != nil {
					return fmt.Errorf("delete the key %s, after %d others: %w", name, n, s.advise(err))
				}
				n++
				if err := s.done("Deleted the key " + name + "."); err != nil {
					return err
				}
			}
			return s.done(fmt.Sprintf("%d keys began with %s.", n, prefix))
		},
	}
	cmd.Flags().StringVarP(&prefix, "prefix", "p", "", "how the names begin")
	return cmd
}
