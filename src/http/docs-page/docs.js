/**
 * Shows openapi.json with Swagger UI. Addresses are found from this script's own, so that the page works below the
 * path of any reverse proxy. Where the service asks for a key, the page does, and keeps it for the tab as the dashboard
 * does.
 */
'use strict'
;(() => {
  const storageName = 'attention-service.api-key'
  const service = new URL('../../', document.currentScript.src)
  const form = document.getElementById('key-form')

  const savedKey = () => sessionStorage.getItem(storageName)

  function withKey(request) {
    const key = savedKey()
    const given = Object.keys(request.headers).some((name) => /^(authorization|x-api-key)$/i.test(name))
    if (key !== null && !given) request.headers.Authorization = `Bearer ${key}`
    return request
  }

  function show(document_) {
    form.hidden = true
    SwaggerUIBundle({
      spec: { ...document_, servers: [{ url: service.href.replace(/\/$/, '') }] },
      dom_id: '#swagger-ui',
      deepLinking: true,
      docExpansion: 'list',
      tryItOutEnabled: true,
      validatorUrl: null,
      requestInterceptor: withKey,
    })
  }

  async function load() {
    const response = await fetch(new URL('openapi.json', service), withKey({ headers: {} }))
    if (response.ok) return show(await response.json())
    if (response.status !== 401) throw new Error(`openapi.json: status ${response.status}`)
    if (savedKey() !== null) document.getElementById('key-refused').textContent = 'The service did not accept this key.'
    sessionStorage.removeItem(storageName)
    form.hidden = false
    document.getElementById('key').focus()
  }

  form.addEventListener('submit', (event) => {
    event.preventDefault()
    sessionStorage.setItem(storageName, document.getElementById('key').value)
    void start()
  })

  const start = () =>
    load().catch((error) => {
      document.getElementById('swagger-ui').textContent = `The description could not be loaded (${error.message}).`
    })
  void start()
})()
