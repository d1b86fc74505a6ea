package orquesta

type engineRow struct{}
