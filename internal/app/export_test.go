package app

// RedirectAddress is where browsers are sent over from HTTP.
func (a *App) RedirectAddress() string { return a.tls.redirect.Addr().String() }
