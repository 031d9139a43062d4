import { render } from 'preact'
import { App } from './app.tsx'
import './styles/tokens.css'
import './styles/base.css'
import './styles/form.css'
import './styles/layout.css'
import './styles/parts.css'
import './styles/figure.css'

render(<App />, document.querySelector('#app')!)
