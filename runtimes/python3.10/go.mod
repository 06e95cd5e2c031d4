// The Python 3.10 that `./lambic runtime install python3.10` fetches, for Debian never had one.
module python

go 1.18

require github.com/kluctl/go-embed-python v0.0.0-3.10.16-20241219-1
