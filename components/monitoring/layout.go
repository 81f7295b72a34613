package monitoring

// The grid of a dashboard (CloudWatch API, "Dashboard body structure and syntax").
const (
	gridWidth  = 24
	maxWidgets = 500
)

// box is a widget's size and place on the grid.
type box struct {
	X      int `json:"x"`
	Y      int `json:"y"`
	Width  int `json:"width"`
	Height int `json:"height"`
}

// layout places widgets, of which only the sizes matter, like words in a text: side by side, on the next line when one
// does not fit, and each row begins a line. A line is as high as its highest widget.
func layout(rows [][]widget) []widget {
	var placed []widget
	top := 0
	for _, row := range rows {
		x, height := 0, 0
		for _, w := range row {
			if x+w.Width > gridWidth {
				top += height
				x, height = 0, 0
			}
			w.X, w.Y = x, top
			x += w.Width
			height = max(height, w.Height)
			placed = append(placed, w)
		}
		top += height
	}
	return placed
}
